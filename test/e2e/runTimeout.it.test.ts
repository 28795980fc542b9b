/**
 * Runs that their time-out ends, short ones here: no code of theirs runs at the end, and what they had not committed is read again
 * (docs/semantics.md, starting again).
 */
import type { WorkflowStartOptions } from '@temporalio/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { asHits, differences, exactPass } from '../support/exactPass.js';
import { sharedStack } from '../support/stack.js';
import { eventually, hit, uniqueName, Weir } from '../support/weir.js';

const FIRST = Date.UTC(2026, 0, 1);
const COUNT = 2000;
const RUN_TIMEOUT = '6s';

describe('a job with a short run time-out', () => {
  let weir: Weir;
  beforeAll(async () => {
    weir = await Weir.on(sharedStack());
  });
  afterAll(() => weir.close());

  const records = Array.from({ length: COUNT }, (_, i) => ({
    ...hit({ time: FIRST + i * 700 - (i % 5) * 800, host: `h${i % 4}`, referrer: `r${i % 9}` }),
    partition: i % 2,
  }));
  let topic: string;
  let name: string;
  let partitions: string[];
  beforeEach(async () => {
    await weir.startWorker();
    topic = await weir.topic(2, records.slice(0, COUNT / 2));
    name = uniqueName('hits');
    partitions = [`${name}/0`, `${name}/1`];
    return () => weir.stopWorker('SIGKILL');
  });

  const handle = (id: string, runId?: string) => weir.client.workflow.getHandle(id, runId);
  const start = (more: Partial<WorkflowStartOptions> = {}) =>
    weir.client.workflow.start('pipeline', {
      workflowId: name,
      taskQueue: weir.taskQueue,
      args: [{ pipeline: 'hits', topic, size: '1m', delay: '5s', idle: 'off', maxBatchEvents: 100 }],
      ...more,
    });
  const runOf = async (id: string) => (await handle(id).describe()).runId;
  const statusOf = async (id: string, runId?: string) => (await handle(id, runId).describe()).status.name;
  /** Waits until the runs that are open now have reached their time-out. */
  const timeOut = async (ids: string[]) => {
    const runs = await Promise.all(ids.map(async (id) => [id, await runOf(id)] as const));
    for (const [id, runId] of runs)
      await eventually(`${id} to time out`, async () => (await statusOf(id, runId)) === 'TIMED_OUT');
  };
  const endsExactly = async (drain: () => Promise<unknown> = () => weir.drain(name)) => {
    await drain();
    const exact = await exactPass(weir.kafka, topic, 60_000);
    expect(exact.records).toBe(COUNT);
    expect(differences(exact.hits, asHits(await weir.view(name)))).toEqual([]);
    const { rows } = await weir.pool.query(
      `select sum(read)::int as read, sum(late + rejected)::int as lost from weir.progress
       where job = $1 and epoch = (select epoch from weir.job where name = $1)`,
      [name],
    );
    expect(rows).toEqual([{ read: COUNT, lost: 0 }]);
  };

  it('does not continue as new beneath a replay that a signal has begun', async () => {
    await start({ workflowRunTimeout: '15s' });
    await weir.produce(topic, records.slice(COUNT / 2));
    await weir.committed(name, COUNT);
    const { runId, startTime } = await handle(name).describe();
    const due = startTime.getTime() + 0.8 * 15_000;
    const client = await weir.pool.connect();
    try {
      // Where a replay begins.
      await client.query('begin');
      await client.query('select from weir.job where name = $1 for update', [name]);
      await handle(name).signal('replay', { from: new Date(FIRST).toISOString() });
      await eventually('the replay to begin', async () => {
        const { raw } = await handle(name).describe();
        return (
          raw.pendingActivities?.some(({ activityType }) => activityType?.name === 'beginReplay') ?? false
        );
      });
      await eventually('the run to be due', async () => Date.now() > due + 500);
      expect(await runOf(name)).toBe(runId);
      await client.query('commit');
    } finally {
      client.release(true);
    }
    await eventually('the job to go on in another run', async () => (await runOf(name)) !== runId);
    await eventually('the replay to be read', async () => {
      const { rows } = await weir.pool.query(
        'select sum(read)::int as read from weir.progress where job = $1 and epoch = 1',
        [name],
      );
      return rows[0].read === COUNT;
    });
    await endsExactly();
  });

  it('has partitions that go on by themselves, and goes on itself when it is started again', async () => {
    await start({ workflowRunTimeout: RUN_TIMEOUT });
    await weir.committed(name, COUNT / 2);
    await weir.stopWorker('SIGKILL');
    await timeOut([name, ...partitions]);
    await weir.produce(topic, records.slice(COUNT / 2));
    await weir.startWorker();
    await weir.committed(name, COUNT);
    expect(await statusOf(name)).toBe('TIMED_OUT');
    await start();
    await endsExactly();
  });

  it('loses and doubles nothing where a commit was waiting in the database, and is made after its run has ended', async () => {
    await start({ workflowRunTimeout: RUN_TIMEOUT });
    await weir.committed(name, COUNT / 2);
    const locks = await weir.pool.connect();
    try {
      await locks.query('begin');
      await locks.query('select from weir.progress where job = $1 for update', [name]);
      await weir.produce(topic, records.slice(COUNT / 2));
      await timeOut(partitions);
      const { rows } = await locks.query(
        'select count(*) as waiting from pg_stat_activity where pg_backend_pid() = any(pg_blocking_pids(pid))',
      );
      expect(rows[0].waiting).toBeGreaterThan(0);
    } finally {
      await locks.query('commit');
      locks.release();
    }
    await weir.committed(name, COUNT);
    expect(await statusOf(name)).toBe('RUNNING');
    await endsExactly();
  });

  it('is as a new start of it where somebody lets Temporal try it again: it knows a replay that its last run had begun', async () => {
    await start({ workflowRunTimeout: '10s', retry: { initialInterval: '1s' } });
    await weir.committed(name, COUNT / 2);
    const first = await runOf(name);
    await eventually('the next run', async () => (await runOf(name)) !== first);
    /** Asked again where the run ends before it answers; a replay may have begun then. */
    const replayFrom = (time: number) =>
      eventually('a replay to be answered', () =>
        handle(name).executeUpdate<{ epoch: number }, [object]>('replay', {
          args: [{ from: new Date(time).toISOString(), lookBack: '0s' }],
        }),
      );
    const { epoch } = await replayFrom(FIRST);
    expect(epoch).toBeGreaterThanOrEqual(1);
    await weir.stopWorker('SIGKILL');
    await timeOut([name, ...partitions]);
    await weir.produce(topic, records.slice(COUNT / 2));
    await weir.startWorker();
    expect((await replayFrom(FIRST + 300_000)).epoch).toBeGreaterThan(epoch);
    /** A new start knows nothing of a drain that the last one was asked for. */
    let asked: string | null = null;
    const drainEachRun = () =>
      eventually('the job to be drained', async () => {
        const { runId, status } = await handle(name).describe();
        if (status.name === 'COMPLETED') return true;
        if (runId !== asked) await handle(name, runId).executeUpdate('drain');
        asked = runId;
        return false;
      });
    await endsExactly(drainEachRun);
  });
});
