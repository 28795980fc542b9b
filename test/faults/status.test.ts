/** `weir status` with one server away after the other: what is known is shown, and which server is waited for. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobStatus, PartitionStatus } from '../../src/cli/status/types.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { eventually, hit, uniqueName, Weir } from '../support/weir.js';

const FIRST = Date.UTC(2026, 0, 1);
/** Servers are started anew. */
const SLOW = { timeout: 180_000 };

describe('weir status', () => {
  let stack: TestStack;
  let weir: Weir;
  let topic: string;
  const name = uniqueName('hits');
  const regrouped = uniqueName('clicks');

  beforeAll(async () => {
    stack = await startTestStack('status');
    weir = await Weir.on({
      kafkaUrl: stack.kafka.address,
      temporalAddress: stack.temporal.address,
      postgresUrl: stack.postgres.address,
    });
    await weir.startWorker();
    topic = await weir.topic(2, hits(200));
    await weir.start(name, { pipeline: 'hits', topic, size: '10s', delay: '1s', idle: 'off' });
    await weir.committed(name, 200);
  }, 180_000);
  afterAll(async () => {
    await weir.close();
    await stack.remove();
  });

  const hits = (count: number, from = 0) =>
    Array.from({ length: count }, (_, i) => ({
      ...hit({ time: FIRST + (from + i) * 1000 }),
      partition: i % 2,
    }));

  /** Its JSON, whatever it says beside it of servers that are away. */
  const asJson = async (job = name): Promise<JobStatus> => {
    const output = await weir.weir('status', job, '--json');
    const [status] = JSON.parse(
      output.slice(output.indexOf('[\n'), output.lastIndexOf(']') + 1),
    ) as JobStatus[];
    return status!;
  };
  const asText = (job = name): Promise<string> => weir.weir('status', job);
  const until = (what: string, is: (status: JobStatus) => boolean): Promise<JobStatus> =>
    eventually(
      what,
      async () => {
        const status = await asJson();
        return is(status) && status;
      },
      90_000,
    );
  const all = (is: (each: PartitionStatus) => boolean) => (status: JobStatus) =>
    status.partitions.length === 2 && status.partitions.every(is);
  const goesOn = () =>
    until(
      'both partitions to go on',
      all(({ state, lag }) => state === 'running' && lag === 0),
    );

  it('shows everything of a job at rest: no lag, 0 s behind, what is open, no error', SLOW, async () => {
    const { partitions, ...job } = await until('the job to run', ({ state }) => state === 'running');
    const line = FIRST + 198_000 - 1000;
    const ofJob = { pipeline: 'hits', topic, epoch: 0, state: 'running', line, trouble: null, error: null };
    expect(job).toEqual({ name, ...ofJob });
    expect(partitions).toEqual(
      [0, 1].map((partition) => ({
        stage: 1,
        partition,
        state: 'running',
        offset: 100,
        readOffset: 100,
        endOffset: 100,
        lag: 0,
        lagMs: 0,
        watermark: line + partition * 1000,
        openUntil: FIRST + 200_000,
        open: 1,
        stateBytes: expect.any(Number),
        readPerSecond: expect.any(Number),
        rowsPerSecond: expect.any(Number),
        counters: { read: 100, accepted: 100, duplicate: 0, late: 0, rejected: 0, skipped: 0 },
        paused: null,
        error: null,
      })),
    );
    expect(partitions[0]!.stateBytes).toBeGreaterThan(20);
    expect(partitions[0]!.readPerSecond).toBeGreaterThan(0);
    expect(partitions[0]!.rowsPerSecond).toBeGreaterThan(0);
  });

  it('shows both stages of a regrouping', SLOW, async () => {
    const clickstream = await weir.topic(2);
    await weir.start(regrouped, { pipeline: 'clicks', topic: clickstream, parallelism: 1 });
    const { partitions } = await eventually('the job to run', async () => {
      const status = await asJson(regrouped);
      return (
        status.partitions.length === 3 &&
        status.partitions.every(({ state }) => state === 'running') &&
        status
      );
    });
    expect(partitions.map(({ stage, partition }) => [stage, partition])).toEqual([
      [1, 0],
      [1, 1],
      [2, 0],
    ]);
    expect(await asText(regrouped)).toMatch(/^ target-0 +running /m);
    await weir.drain(regrouped);
    expect(await asJson(regrouped)).toMatchObject({
      state: 'completed',
      partitions: [{ state: 'drained' }, { state: 'drained' }, { state: 'drained' }],
    });
  });

  it('names Postgres where a commit waits for it, and shows what the workflows know', SLOW, async () => {
    await stack.postgres.kill();
    await weir.produce(topic, hits(100, 200));
    const { partitions } = await until(
      'both partitions to wait',
      all(({ error }) => error !== null),
    );
    for (const { state, offset, readOffset, watermark, error } of partitions) {
      expect({ state, offset, readOffset }).toEqual({ state: 'retrying', offset: null, readOffset: 150 });
      expect(watermark).toBeGreaterThan(FIRST + 290_000);
      expect(error).toMatchObject({ activity: 'commit', server: 'Postgres' });
      expect(error!.message).toContain('ECONNREFUSED');
      expect(error!.since).toBeGreaterThan(Date.now() - 180_000);
    }
    const text = await asText();
    expect(text).toMatch(
      /weir status: Postgres at .* does not answer \(ECONNREFUSED\): shown is what Temporal knows/,
    );
    expect(text).toMatch(
      /^ {2}0, 1: waits for Postgres \(commit\): Postgres does not answer: .*; tried .*, for /m,
    );
    await stack.postgres.restart();
    await goesOn();
  });

  it('names Kafka where a poll waits for it, and shows what is committed', SLOW, async () => {
    await stack.kafka.kill();
    const { partitions } = await until(
      'both partitions to wait',
      all(({ error }) => error?.server === 'Kafka'),
    );
    for (const { state, offset, endOffset, lag, lagMs, error } of partitions) {
      expect({ state, offset, endOffset, lag, lagMs }).toEqual({
        state: 'retrying',
        offset: 150,
        endOffset: null,
        lag: null,
        lagMs: null,
      });
      expect(error!.activity).toBe('poll');
    }
    expect(await asText()).toMatch(/^ {2}0, 1: waits for Kafka \(poll\): .*; tried /m);
    await stack.kafka.restart();
    await goesOn();
  });

  it('says that no worker answers, and shows what waits and since when', SLOW, async () => {
    await weir.stopWorker();
    await weir.produce(topic, hits(100, 300));
    const { state, partitions } = await asJson();
    expect(state).toBe('no worker');
    for (const { offset, endOffset, lag, lagMs, open, readPerSecond } of partitions) {
      expect({ offset, lag }).toEqual({ offset: endOffset! - 50, lag: 50 });
      expect(lagMs).toBeGreaterThan(0);
      expect(lagMs).toBeLessThan(180_000);
      expect({ open, readPerSecond }).toEqual({ open: null, readPerSecond: null });
    }
    expect(await asText()).toContain('no worker answers');
  });

  it('shows what is committed while Temporal is away', SLOW, async () => {
    await stack.temporal.kill();
    const { state, partitions } = await asJson();
    expect(state).toBeNull();
    expect(partitions).toMatchObject(
      [0, 1].map(() => ({ state: null, offset: expect.any(Number), lag: 50, error: null })),
    );
    expect(await asText()).toMatch(/weir status: Temporal at .* does not answer/);
    await stack.temporal.restart();
    await weir.startWorker();
    await goesOn();
  });

  it('says how a job ended that does not run', SLOW, async () => {
    await weir.client.workflow.getHandle(name).terminate('test');
    await weir.client.workflow.getHandle(`${name}/1`).terminate('test');
    expect(await asJson()).toMatchObject({
      state: 'terminated',
      partitions: [{ state: 'running' }, { state: 'terminated' }],
    });
  });
});
