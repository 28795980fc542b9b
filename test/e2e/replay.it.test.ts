/** Pause, resume and replay of jobs on real servers (docs/semantics.md, replay). */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/cli/generate/random.js';
import { sharedStack } from '../support/stack.js';
import { eventually, hit, uniqueName, Weir } from '../support/weir.js';

const FIRST = Date.UTC(2026, 0, 1);
const SEED = Number(process.env['WEIR_SEED'] ?? Date.now() % 1_000_000);

describe('a job that is steered', () => {
  let weir: Weir;
  beforeAll(async () => {
    console.log(`replay: WEIR_SEED=${SEED}`);
    weir = await Weir.on(sharedStack());
    await weir.startWorker();
  });
  afterAll(() => weir.close());

  const hits = (count: number, from = 0) =>
    Array.from({ length: count }, (_, i) => ({
      ...hit({ time: FIRST + (from + i) * 1000, referrer: `r${i % 7}` }),
      partition: i % 2,
    }));
  const input = (topic: string) => ({ pipeline: 'hits', topic, size: '1m', delay: '5s', idle: 'off' });
  const handle = (name: string) => weir.client.workflow.getHandle(name);
  const epochOf = async (name: string) => {
    const { rows } = await weir.pool.query('select epoch from weir.job where name = $1', [name]);
    return rows[0].epoch as number;
  };
  /** Waits until every partition has read what the older epochs have read. */
  const replayed = (name: string) =>
    eventually('the replay to be over', async () => {
      const { rows } = await weir.pool.query(
        `select bool_and("offset" >= (rewrite ->> 'untilOffset')::bigint) as done from weir.progress
         where job = $1 and stage = 1 and epoch = (select epoch from weir.job where name = $1)`,
        [name],
      );
      return rows[0].done as boolean;
    });

  const sessionsOf = async (job: string) => {
    const { rows } = await weir.pool.query(
      'select session_id, session_end, event_count from user_sessions where job = $1 order by session_id',
      [job],
    );
    return rows as object[];
  };

  it('reads no further while it is paused, one partition or all, and goes on where it was', async () => {
    const topic = await weir.topic(2, hits(100));
    const name = uniqueName('paused');
    await weir.start(name, input(topic));
    await weir.committed(name, 100);
    expect(await handle(name).executeUpdate('pause', { args: [{ partitions: [1] }] })).toEqual({
      job: name,
      paused: true,
      partitions: [1],
    });
    const phases = () =>
      Promise.all(
        [0, 1].map(
          async (each) => (await handle(`${name}/${each}`).query<{ phase: string }>('progress')).phase,
        ),
      );
    await eventually('the partition to say so', async () => (await phases())[1] === 'paused');
    // A batch that was under way is read to its end: so only now.
    await weir.produce(topic, hits(100, 100));
    await weir.committed(name, 150);
    expect(await phases()).toEqual(['running', 'paused']);
    // It stays so, whoever starts it again.
    await handle(`${name}/1`).terminate('test');
    await handle(name).terminate('test');
    await weir.start(name, input(topic));
    await eventually('the partition to be paused again', async () => (await phases())[1] === 'paused');
    expect((await weir.progress(name)).map(({ read }) => read)).toEqual([100, 50]);

    await handle(name).executeUpdate('pause');
    await weir.temporal('workflow', 'signal', '-w', name, '--name', 'resume');
    await weir.committed(name, 200);
    await weir.drain(name);
    expect((await weir.total(name)).hits).toBe(200);
  });

  it('is replayed without a hole or a doubled sum at any moment, and ends as a fresh run would', async () => {
    const random = seededRandom(SEED);
    const records = Array.from({ length: 20_000 }, (_, i) => ({
      ...hit({
        time: FIRST + i * 500 - (random.below(20) === 0 ? random.below(60_000) : 0),
        referrer: `r${random.below(5)}`,
      }),
      partition: random.below(2),
    }));
    const topic = await weir.topic(2, records);
    const name = uniqueName('replayed');
    await weir.start(name, { ...input(topic), maxBatchEvents: 500 });
    await weir.committed(name, records.length);
    const before = { rows: await weir.view(name), rejected: await weir.rejected(name) };
    expect(before.rejected.length).toBeGreaterThan(20);

    const from = new Date(FIRST + 3_600_000).toISOString();
    const dry = await handle(name).executeUpdate('replay', {
      args: [{ from, lookBack: '10m', dryRun: true }],
    });
    expect(dry).toMatchObject({
      dryRun: true,
      epoch: 1,
      partitions: [
        { from, offset: 0 },
        { from, offset: 0 },
      ],
    });
    expect(await epochOf(name)).toBe(0);

    const over = new AbortController();
    const wrong: number[] = [];
    const reader = (async () => {
      for (let looks = 0; !over.signal.aborted; looks++) {
        const rows = await weir.view(name);
        if (JSON.stringify(rows) !== JSON.stringify(before.rows)) wrong.push(looks);
        await sleep(20);
      }
    })();
    await handle(name).executeUpdate('replay', { args: [{ from, lookBack: '10m' }] });
    await replayed(name);
    // A replay in the middle of a replay, the worker killed, and one run lost.
    await handle(name).executeUpdate('replay', { args: [{ from: FIRST, lookBack: '0s' }] });
    await weir.stopWorker('SIGKILL');
    await weir.startWorker();
    await handle(`${name}/0`).terminate('test');
    await replayed(name);
    over.abort();
    await reader;
    expect(wrong).toEqual([]);
    expect(await epochOf(name)).toBe(2);
    expect(await weir.rejected(name)).toEqual(before.rejected);

    const fresh = uniqueName('fresh');
    await weir.start(fresh, input(topic));
    await weir.committed(fresh, records.length);
    await Promise.all([weir.drain(name), weir.drain(fresh)]);
    expect(await weir.view(name)).toEqual(await weir.view(fresh));
    expect((await weir.rejected(name)).map(({ offset, reason }) => [offset, reason])).toEqual(
      (await weir.rejected(fresh)).map(({ offset, reason }) => [offset, reason]),
    );
  });

  it('takes late records with a larger delay', async () => {
    const records = [...hits(600), { ...hit({ time: FIRST + 61_000, referrer: 'late' }), partition: 0 }];
    const topic = await weir.topic(2, records);
    const name = uniqueName('larger');
    await weir.start(name, input(topic));
    await weir.committed(name, 601);
    expect(await weir.rejected(name)).toMatchObject([{ partition: 0, reason: 'late' }]);
    await handle(name).signal('replay', { from: FIRST / 1000, delay: '20m' });
    await eventually('the replay to begin', async () => (await epochOf(name)) === 1);
    await replayed(name);
    await weir.drain(name);
    expect(await weir.rejected(name)).toEqual([]);
    expect((await weir.total(name)).hits).toBe(601);
    // What is stored is the job as it is now.
    await expect((await weir.start(name, input(topic))).result()).rejects.toMatchObject({
      cause: { message: expect.stringContaining('delay was 20m, not 5s') },
    });
  });

  it.each([
    [{}, 'from: expected a time'],
    [{ from: 'yesterday' }, 'from: expected a time'],
    [{ from: FIRST, gap: '5m' }, 'gap'],
    [{ from: FIRST, delay: 'long' }, 'delay: expected a duration'],
    [{ from: FIRST, partitions: [7] }, 'the job has no partition 7'],
  ])('refuses %j', async (request, sentence) => {
    const topic = await weir.topic(
      1,
      hits(2).map((each) => ({ ...each, partition: 0 })),
    );
    const name = uniqueName('refused');
    await weir.start(name, input(topic));
    await weir.committed(name, 2);
    await expect(handle(name).executeUpdate('replay', { args: [request] })).rejects.toMatchObject({
      cause: { message: expect.stringContaining(sentence) },
    });
    await weir.drain(name);
  });

  it('is replayed where its records are regrouped by key, with the sessions of a fresh run', async () => {
    const random = seededRandom(SEED + 1);
    const records = Array.from({ length: 4000 }, (_, i) => ({
      key: null,
      value: JSON.stringify({
        user_id: `u${random.below(30)}`,
        ip: '192.0.2.1',
        event_time: new Date(FIRST + i * 1500).toISOString(),
      }),
      partition: random.below(3),
    }));
    const topic = await weir.topic(3, records);
    const name = uniqueName('regrouped');
    const sessions = { pipeline: 'sessions', topic, gap: '1m', delay: '5s', parallelism: 2, idle: 'off' };
    await weir.start(name, sessions);
    await weir.committed(name, records.length);
    // Of targets that have read nothing, nothing can be replayed.
    await eventually('both targets to have read up to the last minutes', async () => {
      const { rows } = await weir.pool.query(
        'select count(*) as targets from weir.progress where job = $1 and stage = 2 and watermark > $2',
        [name, new Date(FIRST + 5_400_000)],
      );
      return rows[0].targets === 2;
    });
    const from = new Date(FIRST + 1_800_000).toISOString();
    await handle(name).executeUpdate('replay', { args: [{ from, lookBack: '5m' }] });
    await replayed(name);
    await weir.drain(name);
    const fresh = uniqueName('fresh');
    await weir.start(fresh, sessions);
    await weir.committed(fresh, records.length);
    await weir.drain(fresh);
    expect(await sessionsOf(name)).toEqual(await sessionsOf(fresh));
  });

  it('writes sessions anew with a larger gap: what has grown together is one row', async () => {
    const random = seededRandom(SEED + 2);
    const records = Array.from({ length: 3000 }, (_, i) => ({
      key: 'k',
      value: JSON.stringify({
        user_id: `u${random.below(8)}`,
        ip: '192.0.2.1',
        event_time: new Date(FIRST + i * 7000).toISOString(),
      }),
    }));
    const topic = await weir.topic(1, records);
    const name = uniqueName('gap');
    const sessions = {
      pipeline: 'sessions',
      topic,
      gap: '30s',
      delay: '5s',
      idle: 'off',
      maxBatchEvents: 300,
    };
    await weir.start(name, sessions);
    await weir.committed(name, records.length);
    await eventually('sessions', async () => (await sessionsOf(name)).length > 100);
    const many = (await sessionsOf(name)).length;
    await handle(name).executeUpdate('replay', { args: [{ from: FIRST - 1, gap: '2m' }] });
    await replayed(name);
    await weir.drain(name);
    const fresh = uniqueName('fresh');
    await weir.start(fresh, { ...sessions, gap: '2m' });
    await weir.committed(fresh, records.length);
    await weir.drain(fresh);
    expect((await sessionsOf(fresh)).length).toBeLessThan(many);
    expect(await sessionsOf(name)).toEqual(await sessionsOf(fresh));
  });

  it('pauses a partition of which too much is rejected, and says why', async () => {
    const bad = Array.from({ length: 1500 }, () => ({ key: null, value: '{', partition: 0 }));
    const topic = await weir.topic(2, [...bad, ...hits(100)]);
    const name = uniqueName('bad');
    await weir.start(name, input(topic));
    const progress = () => handle(`${name}/0`).query<{ phase: string; paused?: string }>('progress');
    await eventually('the partition to pause', async () => (await progress()).phase === 'paused');
    expect((await progress()).paused).toMatch(/^of the last 15\d\d records 1500 were rejected$/);
    expect(await weir.weir('status', name)).toContain('records 1500 were rejected');
    await weir.produce(topic, hits(100, 100));
    await handle(name).executeUpdate('resume');
    await weir.committed(name, 1700);
    await weir.drain(name);
    expect((await weir.total(name)).hits).toBe(200);
    expect((await weir.rejected(name)).length).toBe(1500);
  });

  it('is drained in the middle of a replay, with the rows of a fresh run', async () => {
    const topic = await weir.topic(2, hits(6000));
    const name = uniqueName('drained');
    await weir.start(name, { ...input(topic), maxBatchEvents: 100 });
    await weir.committed(name, 6000);
    await handle(name).executeUpdate('replay', { args: [{ from: FIRST, delay: '10s' }] });
    await weir.drain(name);
    expect(await epochOf(name)).toBe(1);
    const fresh = uniqueName('fresh');
    await weir.start(fresh, { ...input(topic), delay: '10s' });
    await weir.committed(fresh, 6000);
    await weir.drain(fresh);
    expect(await weir.view(name)).toEqual(await weir.view(fresh));
    const { rows } = await weir.pool.query(
      'select sum(read)::int as read from weir.progress where job = $1 and epoch = 1',
      [name],
    );
    expect(rows).toEqual([{ read: 6000 }]);
  });
});
