/** Workflows replay what they just did. With WEIR_RECORD=1 the histories are kept in test/histories for later versions. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memberId } from '../../src/domain/member.js';
import { sharedStack } from '../support/stack.js';
import { RecordedRuns } from '../support/recordedRuns.js';
import { eventually, hit, uniqueName, Weir } from '../support/weir.js';

const FIRST = Date.UTC(2026, 0, 1);

describe('the histories', () => {
  let weir: Weir;
  beforeAll(async () => {
    weir = await Weir.on(sharedStack());
    await weir.startWorker();
  });
  afterAll(() => weir.close());

  it('of a job that ran, was terminated, went on, was fenced, ran into the quiet clock and was drained, replay', async () => {
    const topic = await weir.topic(
      1,
      Array.from({ length: 500 }, (_, i) => hit({ time: FIRST + i * 1000, referrer: `r${i % 3}` })),
    );
    const name = uniqueName('hits');
    const input = { pipeline: 'hits', topic, size: '1m', delay: '5s', maxBatchEvents: 100, idleAfter: '1s' };
    const runs = new RecordedRuns(weir);
    await weir.start(name, input);
    await weir.committed(name, 500);
    await runs.note('pipeline-terminated', name);
    await runs.note('partition-terminated', `${name}/0`);
    await weir.client.workflow.getHandle(name).terminate('test');
    await weir.client.workflow.getHandle(`${name}/0`).terminate('test');

    await weir.start(name, input);
    await eventually('the partition to run again', async () => {
      const { phase } = await weir.client.workflow
        .getHandle(`${name}/0`)
        .query<{ phase: string }>('progress');
      return phase === 'running';
    });
    // A dead run's claim that comes late takes the ownership away: the run is fenced, claims again and goes on.
    await weir.pool.query(`update weir.progress set owner = 'a dead run' where job = $1`, [name]);
    await weir.produce(topic, [hit({ time: FIRST + 658_000, referrer: 'late claim' })]);
    await weir.committed(name, 501);
    await eventually('the last window to come by itself', async () => (await weir.total(name)).hits === 501);
    await runs.note('partition-fenced-and-quiet', `${name}/0`);
    await weir.drain(name);
    await runs.note('pipeline-drained', name);
    await runs.note('partition-drained', `${name}/0`);
    expect(await weir.total(name)).toMatchObject({ hits: 501 });

    await runs.replay();
  });

  const handle = (id: string) => weir.client.workflow.getHandle(id);
  const epochOf = async (name: string) => {
    const { rows } = await weir.pool.query('select epoch from weir.job where name = $1', [name]);
    return rows[0].epoch as number;
  };
  const isPolling = (id: string) =>
    eventually(`${id} to poll`, async () => {
      const { raw } = await handle(id).describe();
      return raw.pendingActivities?.some(
        ({ activityType, lastStartedTime }) => activityType?.name === 'poll' && lastStartedTime,
      );
    });
  const runOf = async (id: string) => (await handle(id).describe()).runId;
  /** Runs `work`; resolves with the next run of a workflow that this brings about. */
  const nextRun = async (id: string, work: () => Promise<unknown>) => {
    const before = await runOf(id);
    await work();
    await eventually('the next run', async () => (await runOf(id)) !== before);
    return before;
  };
  const plain = (topic: string) => ({ pipeline: 'hits', topic, size: '1m', delay: '5s', idle: 'off' });
  const hits = (count: number) =>
    Array.from({ length: count }, (_, i) => hit({ time: FIRST + i * 1000, referrer: `r${i % 3}` }));

  it('of a job that was paused and resumed replay', async () => {
    const topic = await weir.topic(1, hits(100));
    const name = uniqueName('hits');
    const runs = new RecordedRuns(weir);
    await weir.start(name, plain(topic));
    await weir.committed(name, 100);
    const paused = await nextRun(`${name}/0`, () => handle(name).executeUpdate('pause'));
    await runs.note('partition-pausing', `${name}/0`, paused);
    const resumed = await nextRun(`${name}/0`, () => handle(name).executeUpdate('resume'));
    await runs.note('partition-paused', `${name}/0`, resumed);
    await weir.drain(name);
    await runs.note('pipeline-paused', name);
    expect((await weir.total(name)).hits).toBe(100);
    await runs.replay();
  });

  it('of a job that was replayed, and again before the first replay was over, replay', async () => {
    const topic = await weir.topic(1, hits(400));
    const name = uniqueName('hits');
    const runs = new RecordedRuns(weir);
    await weir.start(name, { ...plain(topic), maxBatchEvents: 100 });
    await weir.committed(name, 400);
    const ask = (minutes: number) =>
      handle(name).executeUpdate('replay', {
        args: [{ from: new Date(FIRST + minutes * 60_000).toISOString(), lookBack: '0s' }],
      });
    // The second waits in the job for the first to begin.
    const before = await nextRun(`${name}/0`, () => Promise.all([ask(5), ask(1)]));
    await runs.note('partition-replay-begins', `${name}/0`, before);
    await weir.produce(topic, [hit({ time: FIRST + 500_000 })]);
    await weir.drain(name);
    await runs.note('partition-replayed-and-drained', `${name}/0`);
    await runs.note('pipeline-replayed', name);
    expect(await epochOf(name)).toBe(2);
    expect((await weir.total(name)).hits).toBe(401);
    await runs.replay();
  });

  it('of a job that was drained in the middle of a replay replay', async () => {
    const topic = await weir.topic(1, hits(400));
    const name = uniqueName('hits');
    const runs = new RecordedRuns(weir);
    await weir.start(name, { ...plain(topic), maxBatchEvents: 50 });
    await weir.committed(name, 400);
    const request = { from: new Date(FIRST).toISOString(), delay: '10s' };
    await handle(name).executeUpdate('replay', { args: [request] });
    await weir.drain(name);
    await runs.note('partition-drained-in-replay', `${name}/0`);
    await runs.note('pipeline-drained-in-replay', name);
    expect(await epochOf(name)).toBe(1);
    expect((await weir.total(name)).hits).toBe(400);
    await runs.replay();
  });

  it('of a partition whose worker stopped in good order, and whose next one was killed, replay', async () => {
    const topic = await weir.topic(1, hits(100));
    const name = uniqueName('hits');
    const runs = new RecordedRuns(weir);
    await weir.start(name, { ...plain(topic), linger: '1m' });
    // Each poll would return after a minute, with what it has read at once.
    await isPolling(`${name}/0`);
    await weir.stopWorker();
    await weir.startWorker();
    await weir.committed(name, 100);
    await isPolling(`${name}/0`);
    await weir.stopWorker('SIGKILL');
    await weir.produce(topic, [hit({ time: FIRST + 100_000 })]);
    await weir.startWorker();
    await weir.committed(name, 101);
    await runs.note('partition-handed-over', `${name}/0`);
    await weir.drain(name);
    expect((await weir.total(name)).hits).toBe(101);
    await runs.replay();
  });

  it('of sources and targets of a regrouped job that was replayed replay', async () => {
    const visits = Array.from({ length: 600 }, (_, i) => ({
      key: null,
      value: JSON.stringify({
        user_id: `u${i % 9}`,
        ip: '192.0.2.1',
        event_time: new Date(FIRST + i * 1500).toISOString(),
      }),
      partition: i % 2,
    }));
    const topic = await weir.topic(2, visits);
    const name = uniqueName('sessions');
    const runs = new RecordedRuns(weir);
    const rules = { gap: '1m', delay: '5s', parallelism: 2, idle: 'off', maxBatchEvents: 100 };
    await weir.start(name, { pipeline: 'sessions', topic, ...rules });
    await weir.committed(name, 600);
    await eventually('both targets to have read', async () => {
      const { rows } = await weir.pool.query(
        'select count(*) as targets from weir.progress where job = $1 and stage = 2 and watermark is not null',
        [name],
      );
      return rows[0].targets === 2;
    });
    const [source, target] = [`${name}/0`, memberId(name, 2, 0)];
    const before = await runOf(target);
    const replayed = await nextRun(source, () =>
      handle(name).executeUpdate('replay', { args: [{ from: new Date(FIRST + 300_000).toISOString() }] }),
    );
    await runs.note('source-replay-begins', source, replayed);
    await runs.note('target-replay-begins', target, before);
    await weir.drain(name);
    await runs.note('source-drained', source);
    await runs.note('target-drained', target);
    await runs.note('pipeline-regrouped', name);
    await runs.replay();
  });

  it('of a partition that continued as new several times, the last of them with what it had open, replay', async () => {
    const topic = await weir.topic(1, hits(100));
    const name = uniqueName('hits');
    const runs = new RecordedRuns(weir);
    await weir.start(name, plain(topic));
    await weir.committed(name, 100);
    const config = await weir.jobOf(name);
    for (const lingerMs of [50, 60, 70])
      await nextRun(`${name}/0`, () => handle(`${name}/0`).signal('configure', { ...config, lingerMs }));
    await weir.produce(topic, [hit({ time: FIRST + 500_000 })]);
    await weir.committed(name, 101);
    const last = await nextRun(`${name}/0`, () => handle(`${name}/0`).signal('configure', config));
    await runs.note('partition-continued', `${name}/0`, last);
    await weir.drain(name);
    expect((await weir.total(name)).hits).toBe(101);
    await runs.replay();
  });
});
