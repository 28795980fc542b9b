/**
 * Everything is killed at random while three jobs run over one topic: hits, sessions and clicks. In the end the rows of hits and sessions
 * are those of an exact pass over it, and those of clicks are the rows of a job that nobody killed. A stack of its own, since servers die here. The seed is printed; WEIR_SEED sets it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Service } from '../../src/dev/service.js';
import { openWriter } from '../../src/io/kafka/writer.js';
import { seededRandom } from '../../src/cli/generate/random.js';
import { asHits, differences, exactPass } from '../support/exactPass.js';
import { sessionPass, storedSessions } from '../support/sessionPass.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { eventually, uniqueName, Weir } from '../support/weir.js';

const PARTITIONS = 4;
const WINDOW_MS = 10_000;
const GAP_MS = 2000;
const DELAY_MS = 1500;
const PER_TICK = 20;
const TICK_MS = 50;
/** Event time runs this much faster than the clock: windows close all the time. */
const SPEED = 20;
const FIRST = Date.UTC(2026, 0, 1);

describe('jobs whose servers and workers are killed', () => {
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
    const hits = uniqueName('hits');
    const sessions = uniqueName('sessions');
    const clicks = uniqueName('clicks');
    const clicksInput = {
      pipeline: 'clicks',
      topic,
      size: '10s',
      gap: '2s',
      dedupeWithin: '1s',
      delay: '2s',
      partitionedBy: 'key',
      idle: 'off',
    };
    // Visitors are spread by their address. Nothing but records moves the watermarks: so a pass over the log tells what is late.
    const inputs = {
      [hits]: { pipeline: 'hits', topic, size: '10s', delay: '5s' },
      [sessions]: {
        pipeline: 'sessions',
        topic,
        gap: '2s',
        delay: '1500ms',
        partitionedBy: 'key',
        idle: 'off',
      },
      [clicks]: clicksInput,
    };
    const jobs = Object.keys(inputs);
    await weir.startWorker();
    for (const [name, input] of Object.entries(inputs)) await weir.start(name, input);
    const producer = produceUntilStopped(topic);

    const times: string[] = [];
    const killed = async (what: string, kill: () => Promise<void>): Promise<void> => {
      await eventually(`the job to run before ${what} is killed`, () => movedSince(jobs, null));
      await pause(random.below(1500));
      const before = await numbers(jobs);
      const at = Date.now();
      await kill();
      await eventually(
        `every partition to commit after ${what} was killed`,
        () => movedSince(jobs, before),
        60_000,
      ).catch(async (error: unknown) => {
        console.log(`kills: ${times.join(', ')}; then ${before.join()} -> ${await report(jobs)}`);
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
        for (const id of jobs.flatMap((name) => [name, ...partitionsOf(name)]))
          await weir.client.workflow.getHandle(id).terminate('test');
        for (const [name, input] of Object.entries(inputs)) await weir.start(name, input);
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
    for (const name of jobs) await weir.drain(name);
    const exact = await exactPass(weir.kafka, topic, WINDOW_MS);
    expect(differences(exact.hits, asHits(await weir.view(hits)))).toEqual([]);
    const progress = await weir.progress(hits);
    expect(progress.reduce((sum, { read }) => sum + read, 0)).toBe(exact.records);
    expect(progress.every(({ late, rejected }) => late === 0 && rejected === 0)).toBe(true);
    expect(exact.records).toBeGreaterThan(1000);

    const pass = await sessionPass(weir.kafka, topic, { gapMs: GAP_MS, delayMs: DELAY_MS });
    expect(differences(pass.sessions, await storedSessions(weir.pool, sessions))).toEqual([]);
    const read = await weir.progress(sessions);
    expect(read.reduce((sum, each) => sum + each.read, 0)).toBe(pass.records);
    expect(read.reduce((sum, { late }) => sum + late, 0)).toBe(pass.late);
    expect([pass.late, pass.sessions.size].every((count) => count > 100)).toBe(true);

    const calm = uniqueName('calm');
    await weir.start(calm, clicksInput);
    await weir.committed(calm, pass.records);
    await weir.drain(calm);
    const facts = await clickFacts(calm);
    expect(facts.length).toBeGreaterThan(100);
    expect(await clickFacts(clicks)).toEqual(facts);
  });

  /** Facts of every bucket, and the counters that duplicates and late clicks are in. */
  async function clickFacts(job: string): Promise<string[]> {
    const facts = await weir.pool.query(
      `select c::text as line from (select partition, bucket_start, url, country, clicks, samples, time_spent_ms,
         array(select unnest(users) order by 1) as users from weir.clicks
       where job = $1) c order by 1`,
      [job],
    );
    const counters = await weir.pool.query(
      'select partition, read, accepted, duplicate, late from weir.progress where job = $1 order by partition',
      [job],
    );
    return [...facts.rows, ...counters.rows].map((row) => JSON.stringify(row));
  }

  function produceUntilStopped(topic: string): { stop(): Promise<void> } {
    const stop = new AbortController();
    const began = Date.now();
    const done = (async () => {
      const writer = await openWriter(weir.kafka, topic);
      while (!stop.signal.aborted) {
        const now = FIRST + (Date.now() - began) * SPEED;
        await writer.write(
          Array.from({ length: PER_TICK }, (_, i) => ({
            key: null,
            value: event(now - random.below(4000), i),
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

  /** A hit that is a visit and a click, too: of few visitors a while, then of others, each in the partition that it always is in. */
  function event(timeMs: number, i: number): string {
    const season = Math.floor(timeMs / 8000) % 20;
    return JSON.stringify({
      event_time: new Date(timeMs).toISOString(),
      timestamp: timeMs,
      key: `k${Math.floor(timeMs / 50)}`,
      url: `/${random.below(3)}`,
      country: 'US',
      host: `h${i % 3}`,
      referrer: `r${random.below(20)}`,
      ip: `10.${i % PARTITIONS}.${season}.${random.below(3)}`,
      user_id: random.below(3) === 0 ? 'u' : null,
    });
  }

  /** What is going on, for the person who has to find out why nothing does. */
  async function report(jobs: string[]): Promise<string> {
    const workflows = await Promise.all(
      jobs.flatMap(partitionsOf).map((id) => weir.temporal('workflow', 'describe', '-w', id)),
    );
    return `${(await numbers(jobs)).join()}\n${workflows.join('\n')}\n${await weir.workerLog()}`;
  }

  function partitionsOf(job: string): string[] {
    return Array.from({ length: PARTITIONS }, (_, partition) => `${job}/${partition}`);
  }

  async function numbers(jobs: string[]): Promise<number[]> {
    const progress = await Promise.all(jobs.map((job) => weir.progress(job)));
    return progress.flat().map(({ number }) => number);
  }

  async function movedSince(jobs: string[], before: number[] | null): Promise<boolean> {
    const now = await numbers(jobs);
    return (
      now.length === PARTITIONS * jobs.length &&
      now.every((number, partition) => number > (before?.[partition] ?? 0))
    );
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
