/** Continue-as-new under load, with the server's own limits made small: a stack of its own. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asHits, differences, exactPass } from '../support/exactPass.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { eventually, hit, uniqueName, Weir } from '../support/weir.js';

const FIRST = Date.UTC(2026, 0, 1);

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

  it('rebuilds a state that is too large to be carried, and still goes on', async () => {
    // 60 groups with 50 kB each stay open: 3 MB.
    const wide = (i: number) =>
      hit({ time: FIRST + i, host: `${i % 60}`, referrer: `${i % 60} ${'x'.repeat(50_000)}` });
    const topic = await weir.topic(
      1,
      Array.from({ length: 300 }, (_, i) => wide(i)),
    );
    const name = uniqueName('hits');
    await weir.start(name, { pipeline: 'hits', topic });
    await weir.committed(name, 300, 60_000);
    // A wish makes the run continue as new: what it cannot carry is read again from the log.
    await weir.drain(name);
    expect(await weir.total(name)).toEqual({ rows: 60, hits: 300 });
  });
});
