import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { KafkaUnavailable } from '../src/io/kafka/logReader.js';
import { createTopicAdmin } from '../src/io/kafka/topics.js';
import type { World } from './world.js';

const COMMAND = fileURLToPath(new URL('../bin/weir.mjs', import.meta.url));

/** Partitions of every topic here. */
export const PARTITIONS = 4;

export const EVENTS = 1_000_000;
const LIMIT_MS = 60_000;

/** The end offset of each partition, in order; empty where there is no such topic. Waits for a broker that is still loading it. */
export async function endOffsets({ kafka }: World, topic: string): Promise<number[]> {
  const topics = createTopicAdmin(kafka);
  try {
    for (const deadline = Date.now() + LIMIT_MS; ; await sleep(100)) {
      try {
        const found = await topics.describe(topic);
        return found?.partitions.map(({ endOffset }) => endOffset) ?? [];
      } catch (error) {
        if (!(error instanceof KafkaUnavailable) || Date.now() > deadline) throw error;
      }
    }
  } finally {
    await topics.close();
  }
}

export interface BacklogTopic {
  events: number;
  partitions: number;
  /** `none`: records of one visitor are dealt over all partitions. */
  key: 'ip' | 'none';
}

/** Two in a hundred records are copies of a recent one. One country, so that there are about as many groups as other engines were measured with. */
const CLICKS = '--pipeline clicks --key user --countries 1 --duplicates 0.02';

/** A topic of `events` events, always the same ones; one that an earlier run kept is used again. */
export function backlogTopic(
  world: World,
  { events, partitions, key }: BacklogTopic = { events: EVENTS, partitions: PARTITIONS, key: 'ip' },
): Promise<string> {
  const prefix = `bench-backlog-${key}-${partitions}`;
  return generatedTopic(world, { events, partitions, prefix, kind: `--key ${key}` });
}

/** The same of clicks. */
export function clicksTopic(world: World, events: number): Promise<string> {
  return generatedTopic(world, { events, partitions: PARTITIONS, prefix: 'bench-clicks', kind: CLICKS });
}

function generatedTopic(
  world: World,
  { events, partitions, prefix, kind }: { events: number; partitions: number; prefix: string; kind: string },
): Promise<string> {
  const options = '--event-rate 50 --disorder 45s --seed 42 --start 2026-01-01T00:00:00Z';
  const fill = (topic: string): Promise<void> =>
    generate(world, `--topic ${topic} --partitions ${partitions} --events ${events} ${kind} ${options}`);
  return madeTopic(world, { events, prefix, fill });
}

/** A topic of so many events that `fill` makes, always the same ones; one that an earlier run kept is used again. */
export async function madeTopic(
  world: World,
  { events, prefix, fill }: { events: number; prefix: string; fill: (topic: string) => Promise<void> },
): Promise<string> {
  for (let attempt = 0; ; attempt++) {
    const topic = `${prefix}-${events}-${attempt}`;
    const ends = await endOffsets(world, topic);
    if (ends.reduce((sum, end) => sum + end, 0) === events) return topic;
    if (ends.length > 0) continue; // a run that was cut short has left a part
    world.say(`making ${events} events in ${topic}`);
    await fill(topic);
    return topic;
  }
}

async function generate({ env }: World, options: string): Promise<void> {
  const child = spawn(process.execPath, [COMMAND, 'generate', ...options.split(' ')], {
    env,
    stdio: 'inherit',
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`weir generate ended with ${String(code)}`);
}
