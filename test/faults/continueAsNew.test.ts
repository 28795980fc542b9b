/** Continue-as-new under load, with the server's own limits made small: a stack of its own. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asHits, differences, exactPass } from '../support/exactPass.js';
import { sessionPass, storedSessions } from '../support/sessionPass.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { eventually, hit, uniqueName, Weir } from '../support/weir.js';

const FIRST = Date.UTC(2026, 0, 1);
/** A run with more events is asked to continue as new. */
const SUGGESTED_EVENTS = 30;
/** Large states make a slow machine slow. */
const SLOW = { timeout: 180_000 };
/** The largest there is: few batches. */
const maxBatchBytes = 1_000_000;

describe('continue-as-new', () => {
  let stack: TestStack;
  let weir: Weir;
  beforeAll(async () => {
    stack = await startTestStack('continue', {
      temporalDynamicConfig: { 'limit.historyCount.suggestContinueAsNew': String(SUGGESTED_EVENTS) },
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

  const pollsFromTheBeginning = async (id: string): Promise<number> => {
    let polls = 0;
    for await (const { runId } of weir.client.workflow.list({ query: `WorkflowId = "${id}"` })) {
      const { events } = await weir.client.workflow.getHandle(id, runId).fetchHistory();
      polls += JSON.stringify(events).split(btoa('"partition 0 from 0"')).length - 1;
    }
    return polls;
  };

  const storedBy = async (id: string): Promise<number> => {
    const { rowCount } = await weir.pool.query('select from weir.payload where workflow_id = $1', [id]);
    return rowCount!;
  };

  it('happens again and again under load, and loses nothing', async () => {
    // Batches of 50 records, windows that close all the time and reach over many batches.
    const records = Array.from({ length: 3000 }, (_, i) => ({
      ...hit({ time: FIRST + i * 300 - (i % 7) * 400, host: `h${i % 5}`, referrer: `r${i % 11}` }),
      partition: i % 2,
    }));
    const topic = await weir.topic(2, records);
    const name = uniqueName('hits');
    await weir.start(name, { pipeline: 'hits', topic, size: '1m', delay: '5s', maxBatchEvents: 50 });
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

  it('happens hundreds of times over days of event time, and no history grows', SLOW, async () => {
    const days = 5;
    const count = 6000;
    const stepMs = (days * 86_400_000) / count;
    // A visit has several events, and many are open whenever a run ends.
    const records = Array.from({ length: count }, (_, i) => {
      const event_time = new Date(FIRST + i * stepMs - (i % 3) * 60_000).toISOString();
      const visitor = {
        user_id: `u${(i * i) % 17}`,
        ip: `192.0.2.${i % 2}`,
        host: `h${i % 5}`,
        referrer: null,
      };
      return { key: null, value: JSON.stringify({ ...visitor, event_time }), partition: i % 2 };
    });
    const topic = await weir.topic(2, records);
    const small = { topic, idle: 'off', maxBatchEvents: 12 };
    const inputs = {
      [uniqueName('hits')]: { pipeline: 'hits', size: '1h', delay: '5m', ...small },
      [uniqueName('sessions')]: {
        pipeline: 'sessions',
        gap: '30m',
        delay: '5m',
        partitionedBy: 'key',
        ...small,
      },
    };
    const [hits, sessions] = Object.keys(inputs) as [string, string];
    for (const [name, input] of Object.entries(inputs)) await weir.start(name, input);
    for (const name of [hits, sessions]) await weir.committed(name, count, 120_000);
    for (const name of [hits, sessions]) await weir.drain(name);

    const exact = await exactPass(weir.kafka, topic, 3_600_000);
    expect(exact.records).toBe(count);
    expect(differences(exact.hits, asHits(await weir.view(hits)))).toEqual([]);
    const pass = await sessionPass(weir.kafka, topic, { gapMs: 1_800_000, delayMs: 300_000 });
    expect(differences(pass.sessions, await storedSessions(weir.pool, sessions))).toEqual([]);
    const read = [...(await weir.progress(hits)), ...(await weir.progress(sessions))];
    expect(read.every((each) => each.read === count / 2 && each.late === 0)).toBe(true);

    const runs = await eventually('the runs to be listed', async () => {
      const listed: { workflowId: string; runId: string }[] = [];
      for (const name of [hits, sessions])
        for await (const run of weir.client.workflow.list({ query: `WorkflowId STARTS_WITH "${name}/"` }))
          if (run.status.name === 'CONTINUED_AS_NEW') listed.push(run);
      return listed.length >= 200 && listed;
    });
    // Not events: a worker that is busy lets workflow tasks time out, which leaves some, too.
    let most = 0;
    for (const { workflowId, runId } of runs) {
      const { events } = await weir.client.workflow.getHandle(workflowId, runId).fetchHistory();
      most = Math.max(most, events!.filter((each) => each.activityTaskScheduledEventAttributes).length);
    }
    console.log(`continue-as-new: ${runs.length} runs, of at most ${most} activities`);
    // A claim and five polls leave as many events as are suggested, with their workflow tasks; one more is under way.
    expect(most).toBeLessThanOrEqual(SUGGESTED_EVENTS / 6 + 2);
  });

  it('happens in a silent read, too, which goes on where it was', async () => {
    const records = Array.from({ length: 1500 }, (_, i) => hit({ time: FIRST + i, host: `h${i % 50}` }));
    const topic = await weir.topic(1, records);
    const name = uniqueName('hits');
    const input = { pipeline: 'hits', topic, size: '1h', idle: 'off', maxBatchEvents: 100 };
    await weir.start(name, input);
    await weir.committed(name, records.length);
    const before = (await runsOf(`${name}/0`)).length;
    for (const id of [name, `${name}/0`]) await weir.client.workflow.getHandle(id).terminate('test');
    await weir.start(name, input);
    await weir.drain(name);
    expect(await weir.total(name)).toEqual({ rows: 50, hits: records.length });
    // 15 batches are some 90 events, and a run has 30: it took several runs, of which the first alone began at the beginning.
    const runs = await eventually('the runs to be listed', async () => {
      const listed = await runsOf(`${name}/0`);
      return listed.filter((status) => status === 'COMPLETED').length === 1 && listed;
    });
    expect(runs.length - before).toBeGreaterThanOrEqual(3);
    expect(await pollsFromTheBeginning(`${name}/0`)).toBe(2);
  });

  it(
    'carries a state that is larger than a payload of Temporal, also when the database is away for a while',
    SLOW,
    async () => {
      // 60 groups with 50 kB of random text each stay open: 3 MB, and about half of it when compressed.
      const noise = Array.from({ length: 60 }, () => randomBytes(25_000).toString('hex'));
      const records = Array.from({ length: 160 }, (_, i) =>
        hit({ time: FIRST + i, referrer: noise[i % 60]! }),
      );
      const topic = await weir.topic(1, records.slice(0, 120));
      const name = uniqueName('hits');
      const job = { pipeline: 'hits', topic, size: '1h', idle: 'off', maxBatchEvents: 20, maxBatchBytes };
      await weir.start(name, job);
      await weir.committed(name, 120, 60_000);
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
      await weir.produce(topic, records.slice(120));
      await weir.committed(name, 160, 60_000);
      await weir.drain(name);
      expect(await weir.total(name)).toEqual({ rows: 60, hits: 160 });
    },
  );

  it(
    'rebuilds a state that is too large to be carried, in a run that is not over at once',
    SLOW,
    async () => {
      // 128 groups with 250 kB each stay open: 32 MB.
      const wide = (i: number) =>
        hit({ time: FIRST + i, host: `${i % 128}`, referrer: `${i % 128} ${'x'.repeat(250_000)}` });
      const records = Array.from({ length: 130 }, (_, i) => wide(i));
      const topic = await weir.topic(1, records);
      const name = uniqueName('hits');
      await weir.start(name, { pipeline: 'hits', topic, size: '1h', idle: 'off', maxBatchBytes });
      await weir.committed(name, records.length, 60_000);
      const before = (await runsOf(`${name}/0`)).length;
      // A wish makes the run continue as new: what it cannot carry is read again from the log, in as many runs as the first time.
      await weir.drain(name);
      expect(await weir.total(name)).toEqual({ rows: 128, hits: records.length });
      expect(await storedBy(`${name}/0`)).toBe(0);
      await eventually('the last run to be listed', async () => (await runsOf(`${name}/0`)).length > before);
      expect((await runsOf(`${name}/0`)).length).toBeLessThanOrEqual(2 * before + 2);
    },
  );
});
