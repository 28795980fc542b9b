import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { ensureTopic } from '../src/io/kafka/createTopic.js';
import { PARTITIONS } from './topics.js';
import type { World } from './world.js';

/** What the producer's process is told, as JSON. */
export interface TrafficOrder {
  brokers: string[];
  topic: string;
  eventsPerSecond: number;
  sizeMs: number;
  delayMs: number;
}

/** What it tells at its end. */
export interface TrafficReport {
  events: number;
  /** For every window end: when the first record at or past end + delay was made, epoch ms. */
  crossings: [end: number, at: number][];
}

export interface LiveTraffic {
  topic: string;
  /** Ends it; resolves when everything sent is acknowledged. */
  stop(): Promise<TrafficReport>;
}

const PRODUCER = fileURLToPath(new URL('./producer.ts', import.meta.url));

/** Live traffic into a new topic, event time = now, from a process of its own; runs from when this resolves. */
export async function startTraffic(
  { kafka, say }: World,
  order: Omit<TrafficOrder, 'brokers' | 'topic'>,
): Promise<LiveTraffic> {
  const topic = `bench-live-${Date.now()}`;
  await ensureTopic(kafka, { topic, partitions: PARTITIONS });
  say(`sending ${order.eventsPerSecond} events/s to ${topic}`);
  const whole: TrafficOrder = { brokers: kafka.brokers, topic, ...order };
  const child = fork(PRODUCER, [JSON.stringify(whole)]);
  const die = (): void => void child.kill('SIGKILL');
  process.once('exit', die);
  const ended = once(child, 'exit').then(([code]) => {
    process.off('exit', die);
    throw new Error(`the producer ended with ${String(code)}`);
  });
  ended.catch(() => undefined);
  await Promise.race([once(child, 'message'), ended]);
  return {
    topic,
    async stop() {
      child.send('stop');
      const [report] = await Promise.race([once(child, 'message') as Promise<[TrafficReport]>, ended]);
      return report;
    },
  };
}
