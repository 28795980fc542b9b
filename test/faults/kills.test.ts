/**
 * Everything is killed at random while a job runs; in the end its rows are those of an exact pass over the topic. A stack of its own,
 * since servers die here. The seed is printed; WEIR_SEED sets it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Service } from '../../src/dev/service.js';
import { openWriter } from '../../src/io/kafka/writer.js';
import { seededRandom } from '../../src/cli/generate/random.js';
import { asHits, differences, exactPass } from '../support/exactPass.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { eventually, hit, uniqueName, Weir } from '../support/weir.js';

const PARTITIONS = 4;
const WINDOW_MS = 10_000;
const PER_TICK = 20;
const TICK_MS = 50;
/** Event time runs this much faster than the clock: windows close all the time. */
const SPEED = 20;
const FIRST = Date.UTC(2026, 0, 1);

describe('a job whose servers and workers are killed', () => {
  const seed = Number(process.env['WEIR_SEED'] ?? Date.now() % 1_000_000);
  const random = seededRandom(seed);
  let stack: TestStack;
  let weir: Weir;

  beforeAll(async () => {
    stack = await startTestStack('kills');
    weir = await Weir.on({
      kafkaUrl: stack.kafka.address,
      temporalAddress: stack.temporal.address,
      postgresUrl: stack.postgres.address,
    });
  });
  afterAll(async () => {
    await weir.close();
    await stack.remove();
  });

  it('loses nothing, doubles nothing and goes on', { timeout: 600_000 }, async () => {
    console.log(`kills: WEIR_SEED=${seed}`);
    const topic = await weir.topic(PARTITIONS);
    const name = uniqueName('hits');
    const input = { pipeline: 'hits', topic, size: '10s', delay: '5s' };
    await weir.startWorker();
    await weir.start(name, input);
    const producer = produceUntilStopped(topic);

    const times: string[] = [];
    const killed = async (what: string, kill: () => Promise<void>): Promise<void> => {
      await eventually(`the job to run before ${what} is killed`, () => movedSince(name, null));
      await pause(random.below(1500));
      const before = await numbers(name);
      const at = Date.now();
      await kill();
      await eventually(
        `every partition to commit after ${what} was killed`,
        () => movedSince(name, before),
        60_000,
      ).catch(async (error: unknown) => {
        console.log(`kills: ${times.join(', ')}; then ${before.join()} -> ${await report(name)}`);
        throw error;
      });
      times.push(`${what} ${((Date.now() - at) / 1000).toFixed(1)} s`);
    };
    const worker = () =>
      killed('worker', async () => {
        await weir.stopWorker('SIGKILL');
        await weir.startWorker();
      });
    const server = (service: Service) =>
      killed(service.name, async () => {
        await service.kill();
        await service.restart();
      });
    const terminate = () =>
      killed('workflows', async () => {
        for (const id of [
          name,
          ...Array.from({ length: PARTITIONS }, (_, partition) => `${name}/${partition}`),
        ]) {
          await weir.client.workflow.getHandle(id).terminate('test');
        }
        await weir.start(name, input);
      });
    const kills = [
      ...Array.from({ length: 10 }, () => worker),
      ...[stack.temporal, stack.temporal, stack.postgres, stack.kafka].map(
        (service) => () => server(service),
      ),
      terminate,
    ];
    for (const kill of shuffled(kills)) await kill();

    await producer.stop();
    console.log(`kills: going on again after ${times.join(', ')}`);
    await weir.drain(name);
    const exact = await exactPass(weir.kafka, topic, WINDOW_MS);
    expect(differences(exact.hits, asHits(await weir.view(name)))).toEqual([]);
    const progress = await weir.progress(name);
    expect(progress.reduce((sum, { read }) => sum + read, 0)).toBe(exact.records);
    expect(progress.every(({ late, rejected }) => late === 0 && rejected === 0)).toBe(true);
    expect(exact.records).toBeGreaterThan(1000);
  });

  function produceUntilStopped(topic: string): { stop(): Promise<void> } {
    const stop = new AbortController();
    const began = Date.now();
    const done = (async () => {
      const writer = await openWriter(weir.kafka, topic);
      while (!stop.signal.aborted) {
        const now = FIRST + (Date.now() - began) * SPEED;
        await writer.write(
          Array.from({ length: PER_TICK }, (_, i) => ({
            ...hit({ time: now - random.below(4000), host: `h${i % 3}`, referrer: `r${random.below(20)}` }),
            partition: i % PARTITIONS,
          })),
        );
        await pause(TICK_MS);
      }
      await writer.close();
    })();
    return {
      stop: () => {
        stop.abort();
        return done;
      },
    };
  }

  /** What is going on, for the person who has to find out why nothing does. */
  async function report(job: string): Promise<string> {
    const workflows = await Promise.all(
      Array.from({ length: PARTITIONS }, (_, partition) =>
        weir.temporal('workflow', 'describe', '-w', `${job}/${partition}`),
      ),
    );
    return `${(await numbers(job)).join()}\n${workflows.join('\n')}\n${await weir.workerLog()}`;
  }

  async function numbers(job: string): Promise<number[]> {
    return (await weir.progress(job)).map(({ number }) => number);
  }

  async function movedSince(job: string, before: number[] | null): Promise<boolean> {
    const now = await numbers(job);
    return now.length === PARTITIONS && now.every((number, partition) => number > (before?.[partition] ?? 0));
  }

  function shuffled<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [items[i], items[j]] = [items[j]!, items[i]!];
    }
    return items;
  }
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
