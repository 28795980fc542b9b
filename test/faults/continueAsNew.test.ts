/** Continue-as-new under load, with the server's own limits made small: a stack of its own. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asHits, differences, exactPass } from '../support/exactPass.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { eventually, hit, uniqueName, Weir } from '../support/weir.js';

const FIRST = Date.UTC(2026, 0, 1);
/** With 30 events a run, the large states are handed on every second. */
const SLOW = { timeout: 180_000 };

describe('continue-as-new', () => {
  let stack: TestStack;
  let weir: Weir;
  beforeAll(async () => {
    stack = await startTestStack('continue', {
      temporalDynamicConfig: { 'limit.historyCount.suggestContinueAsNew': '30' },
    });
    weir = await Weir.on({
      kafkaUrl: stack.kafka.address,
      temporalAddress: stack.temporal.address,
      postgresUrl: stack.postgres.address,
    });
    await weir.startWorker();
  });
  afterAll(async () => {
    await weir.close();
    await stack.remove();
  });

  const runsOf = async (id: string) => {
    const runs: string[] = [];
    for await (const { status } of weir.client.workflow.list({ query: `WorkflowId = "${id}"` }))
      runs.push(status.name);
    return runs;
  };

  const storedBy = async (id: string): Promise<number> => {
    const { rowCount } = await weir.pool.query('select from weir.payload where workflow_id = $1', [id]);
    return rowCount!;
  };

  it('happens again and again under load, and loses nothing', async () => {
    // Batches of 100 records, windows that close all the time and reach over many batches.
    const records = Array.from({ length: 10_000 }, (_, i) => ({
      ...hit({ time: FIRST + i * 100 - (i % 7) * 400, host: `h${i % 5}`, referrer: `r${i % 11}` }),
      partition: i % 2,
    }));
    const topic = await weir.topic(2, records);
    const name = uniqueName('hits');
    await weir.start(name, { pipeline: 'hits', topic, size: '1m', delay: '5s', maxBatchEvents: 100 });
    await weir.committed(name, records.length, 60_000);
    const runs = await eventually('the runs to be listed', async () => {
      const listed = await runsOf(`${name}/0`);
      return listed.length >= 5 && listed;
    });
    expect(runs.filter((status) => status === 'CONTINUED_AS_NEW').length).toBe(runs.length - 1);
    await weir.drain(name);
    const exact = await exactPass(weir.kafka, topic, 60_000);
    expect(exact.records).toBe(records.length);
    expect(differences(exact.hits, asHits(await weir.view(name)))).toEqual([]);
  });

  it(
    'carries a state that is larger than a payload of Temporal, also when the database is away for a while',
    SLOW,
    async () => {
      // 60 groups with 50 kB of random text each stay open: 3 MB, and about half of it when compressed.
      const noise = Array.from({ length: 60 }, () => randomBytes(25_000).toString('hex'));
      const records = Array.from({ length: 600 }, (_, i) =>
        hit({ time: FIRST + i, referrer: noise[i % 60]! }),
      );
      const topic = await weir.topic(1, records.slice(0, 300));
      const name = uniqueName('hits');
      const job = { pipeline: 'hits', topic, size: '1h', idle: 'off', maxBatchEvents: 20 };
      await weir.start(name, job);
      await weir.committed(name, 300, 60_000);
      const runs = await eventually('the runs to be listed', async () => {
        const listed = await runsOf(`${name}/0`);
        return listed.length >= 2 && listed;
      });
      expect(runs.filter((status) => status === 'CONTINUED_AS_NEW').length).toBe(runs.length - 1);
      expect(await storedBy(`${name}/0`)).toBeGreaterThanOrEqual(1);

      // A wish makes the run continue as new, and nothing can be stored.
      const partition = weir.client.workflow.getHandle(`${name}/0`);
      const { runId } = await partition.describe();
      const config = await weir.jobOf(name);
      await stack.postgres.kill();
      await partition.signal('configure', { ...config, lingerMs: 50 });
      await eventually('a workflow task to fail for it', async () => {
        const { events } = await weir.client.workflow.getHandle(`${name}/0`, runId).fetchHistory();
        return events!.some((event) => event.workflowTaskFailedEventAttributes != null);
      });
      await stack.postgres.restart();
      await eventually('the next run', async () => (await partition.describe()).runId !== runId);
      await weir.produce(topic, records.slice(300));
      await weir.committed(name, 600, 60_000);
      await weir.drain(name);
      expect(await weir.total(name)).toEqual({ rows: 60, hits: 600 });
    },
  );

  it(
    'rebuilds a state that is too large to be carried, in a run that is not over at once',
    SLOW,
    async () => {
      // 160 groups with 200 kB each stay open: 32 MB.
      const wide = (i: number) =>
        hit({ time: FIRST + i, host: `${i % 160}`, referrer: `${i % 160} ${'x'.repeat(200_000)}` });
      const topic = await weir.topic(1);
      for (let i = 0; i < 320; i += 40) {
        await weir.produce(
          topic,
          Array.from({ length: 40 }, (_, j) => wide(i + j)),
        );
      }
      const name = uniqueName('hits');
      await weir.start(name, { pipeline: 'hits', topic, size: '1h', idle: 'off' });
      await weir.committed(name, 320, 60_000);
      const before = (await runsOf(`${name}/0`)).length;
      // A wish makes the run continue as new: what it cannot carry is read again from the log.
      await weir.drain(name);
      expect(await weir.total(name)).toEqual({ rows: 160, hits: 320 });
      expect(await storedBy(`${name}/0`)).toBe(0);
      await eventually('the last run to be listed', async () => (await runsOf(`${name}/0`)).length > before);
      expect((await runsOf(`${name}/0`)).length).toBeLessThanOrEqual(before + 2);
    },
  );
});
