/** Sessions over topics whose partitions are not by visitor: regrouped by key through an internal topic. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/cli/generate/random.js';
import { generateTraffic, PLAIN_TRAFFIC } from '../../src/cli/generate/traffic.js';
import { internalTopic } from '../../src/io/kafka/internalTopic.js';
import { createTopicAdmin } from '../../src/io/kafka/topics.js';
import { connectAdmin } from '../support/kafkaAdmin.js';
import { sessionsOfJob, sessionsOfTopic } from '../support/regroupedTopic.js';
import { sharedStack } from '../support/stack.js';
import { eventually, uniqueName, Weir } from '../support/weir.js';

const SEED = Number(process.env['WEIR_SEED'] ?? Date.now() % 1_000_000);

describe('sessions of records that are dealt over the partitions', () => {
  let weir: Weir;
  beforeAll(async () => {
    console.log(`regrouping: WEIR_SEED=${SEED}`);
    weir = await Weir.on(sharedStack());
    await weir.startWorker();
  });
  afterAll(() => weir.close());

  async function sessionsOf(job: string): Promise<string[]> {
    const { rows } = await weir.pool.query(
      `select session_id, session_end, event_count, browser, os, device, host, is_bot from user_sessions where job = $1 order by session_id`,
      [job],
    );
    return rows.map((row) => JSON.stringify(row));
  }

  it('are those of the same records in one partition', async () => {
    const random = seededRandom(SEED);
    const records = [
      ...generateTraffic({
        ...PLAIN_TRAFFIC,
        seed: SEED,
        shape: 'visits',
        disorderMs: 20_000,
        events: 20_000,
        time: { startMs: Date.UTC(2026, 0, 1), perSecond: 5 },
      }),
    ];
    const one = await weir.topic(1, records);
    const dealt = await weir.topic(
      8,
      records.map((record) => ({ ...record, partition: random.below(8) })),
    );
    const jobs = { one: uniqueName('one'), dealt: uniqueName('dealt') };
    await weir.start(jobs.one, { pipeline: 'sessions', topic: one });
    await weir.start(jobs.dealt, { pipeline: 'sessions', topic: dealt, parallelism: 3 });
    await Promise.all(Object.values(jobs).map((job) => weir.committed(job, records.length)));
    const results = await Promise.all(Object.values(jobs).map((job) => weir.drain(job)));
    expect(results[1]).toMatchObject({ total: { read: records.length, accepted: records.length, late: 0 } });
    const expected = await sessionsOf(jobs.one);
    expect(expected.length).toBeGreaterThan(1000);
    expect(await sessionsOf(jobs.dealt)).toEqual(expected);
  });

  const START = Date.UTC(2026, 0, 1);
  const RULES = { gapMs: 60_000, delayMs: 5000 };
  const INPUT = { pipeline: 'sessions', gap: '1m', delay: '5s' };

  /** Visits of 40 visitors, in the order of time, dealt at random over `partitions`. */
  function visits(
    count: number,
    partitions: readonly number[],
    more: { startMs?: number; everyMs?: number } = {},
  ) {
    const { startMs = START, everyMs = 1500 } = more;
    const random = seededRandom(SEED + count);
    return Array.from({ length: count }, (_, i) => {
      const event_time = new Date(startMs + i * everyMs).toISOString();
      const visitor = { user_id: `u${random.below(40)}`, ip: '192.0.2.1', host: `h${random.below(5)}` };
      return {
        key: null,
        value: JSON.stringify({ ...visitor, event_time }),
        partition: partitions[random.below(partitions.length)]!,
      };
    });
  }

  it('are, while two of eight partitions are produced an hour of event time behind the others, and a ninth is empty', async () => {
    const records = visits(6000, [0, 1, 2, 3, 4, 5, 6, 7]);
    const isBehind = ({ partition }: { partition: number }) => partition >= 6;
    const one = await weir.topic(
      1,
      records.map((record) => ({ ...record, partition: 0 })),
    );
    const dealt = await weir.topic(
      9,
      records.filter((record) => !isBehind(record)),
    );
    const jobs = { one: uniqueName('one'), dealt: uniqueName('behind') };
    await weir.start(jobs.one, { ...INPUT, topic: one });
    // Those behind are not quiet: nothing may say so of them.
    await weir.start(jobs.dealt, { ...INPUT, topic: dealt, parallelism: 2, idle: 'off' });
    const late = records.filter(isBehind);
    await weir.committed(jobs.dealt, records.length - late.length);
    expect(await sessionsOfJob(weir.pool, jobs.dealt)).toEqual([]);
    const hour = Math.floor(late.length / 2);
    await weir.produce(dealt, late.slice(0, hour));
    await weir.committed(jobs.dealt, records.length - late.length + hour);
    await weir.produce(dealt, late.slice(hour));
    for (const job of Object.values(jobs)) {
      await weir.committed(job, records.length);
      expect(await weir.drain(job)).toMatchObject({ total: { accepted: records.length, late: 0 } });
    }
    const found = await sessionsOfJob(weir.pool, jobs.dealt);
    expect(found.length).toBeGreaterThan(1000);
    expect(found).toEqual(await sessionsOfJob(weir.pool, jobs.one));
    expect(found).toEqual((await sessionsOfTopic(weir.kafka, dealt, RULES)).sessions);
  });

  it('come by themselves when all is quiet, an empty partition and one that stopped long ago among them', async () => {
    const now = Date.now();
    const records = [
      ...visits(50, [0], { startMs: now - 600_000, everyMs: 100 }),
      ...visits(100, [1, 2], { startMs: now - 30_000, everyMs: 100 }),
    ];
    const topic = await weir.topic(4, records);
    const name = uniqueName('quiet');
    await weir.start(name, { ...INPUT, gap: '2s', delay: '1s', topic, idleAfter: '1s' });
    const { sessions } = await sessionsOfTopic(weir.kafka, topic, { gapMs: 2000, delayMs: 1000 });
    await eventually(
      'all sessions to be written',
      async () => (await sessionsOfJob(weir.pool, name)).length === sessions.length,
    );
    expect(await sessionsOfJob(weir.pool, name)).toEqual(sessions);
    // What nothing reads again is deleted.
    const admin = createTopicAdmin(weir.kafka);
    await eventually(
      'records of the internal topic to be deleted',
      async () => {
        const { partitions } = (await admin.describe(internalTopic(name, 0)))!;
        return partitions.some(({ startOffset }) => startOffset > 0);
      },
      60_000,
    );
    await admin.close();
  });

  it('take up a partition that the topic gains, from the line on', async () => {
    const topic = await weir.topic(2, visits(2000, [0, 1]));
    const name = uniqueName('gains');
    await weir.start(name, { ...INPUT, topic, parallelism: 3, idle: 'off' });
    await weir.committed(name, 2000);
    await addPartitions(weir, topic, 4);
    await eventually(
      'the new partitions to have taken the line',
      async () => (await watermarks(name)).filter((each) => each !== null).length === 4,
      70_000,
    );
    const line = (await watermarks(name))[3]!;
    const rest = visits(2000, [0, 1, 2, 3], { startMs: START + 2000 * 1500 - 100_000 });
    await weir.produce(topic, rest);
    const { sessions, records, accepted } = await sessionsOfTopic(weir.kafka, topic, {
      ...RULES,
      advances: { 2: [[0, line]], 3: [[0, line]] },
    });
    await weir.committed(name, records);
    expect(await weir.drain(name)).toMatchObject({ total: { read: records, accepted } });
    expect(await sessionsOfJob(weir.pool, name)).toEqual(sessions);
  });

  it('go on after a drain, and after all workflows were terminated', async () => {
    const topic = await weir.topic(3, visits(3000, [0, 1, 2]));
    const name = uniqueName('again');
    const input = { ...INPUT, topic, maxBatchEvents: 50, idle: 'off' };
    await weir.start(name, input);
    await weir.committed(name, 200);
    for (const id of [
      name,
      ...[0, 1, 2].flatMap((number) => [`${name}/${number}`, `${name}/target-${number}`]),
    ])
      await weir.client.workflow.getHandle(id).terminate('test');
    await weir.start(name, input);
    await weir.committed(name, 3000);
    await weir.drain(name);
    const first = await sessionsOfTopic(weir.kafka, topic, RULES);
    expect(await sessionsOfJob(weir.pool, name)).toEqual(first.sessions);

    const later = visits(1000, [0, 1, 2], { startMs: START + 10_000_000 });
    await weir.start(name, input);
    await weir.produce(topic, later);
    await weir.committed(name, 4000);
    await weir.drain(name);
    expect(await sessionsOfJob(weir.pool, name)).toEqual(
      (await sessionsOfTopic(weir.kafka, topic, RULES)).sessions,
    );
  });

  it('are those of the topic where the internal topic holds what another life of the job has sent', async () => {
    const topic = await weir.topic(3, visits(2000, [0, 1, 2]));
    const name = uniqueName('lives');
    const input = { ...INPUT, topic, parallelism: 2, maxBatchEvents: 50, idle: 'off' };
    await weir.start(name, input);
    await weir.committed(name, 2000);
    await weir.drain(name);
    for (const [table, column] of [
      ['weir.progress', 'job'],
      ['weir.rejected', 'job'],
      ['user_sessions', 'job'],
      ['weir.job', 'name'],
    ])
      await weir.pool.query(`delete from ${table} where ${column} = $1`, [name]);
    // The end that the other life has published is far behind these.
    await weir.produce(topic, visits(1000, [0, 1, 2], { startMs: START + 2000 * 1500 - 20_000 }));

    await expect((await weir.start(name, { ...input, parallelism: 3 })).result()).rejects.toMatchObject({
      cause: { message: expect.stringContaining('with 2 partitions instead of 3') },
    });
    await weir.start(name, { ...input, maxBatchEvents: 70 });
    const { sessions, records, accepted } = await sessionsOfTopic(weir.kafka, topic, RULES);
    await weir.committed(name, records);
    expect(await weir.drain(name)).toMatchObject({ total: { read: records, accepted } });
    expect(await sessionsOfJob(weir.pool, name)).toEqual(sessions);
  });

  it('of a topic that is declared to be keyed and is not, are said to be in pieces', async () => {
    const topic = await weir.topic(3, visits(3000, [0, 1, 2]));
    const name = uniqueName('declared');
    const handle = await weir.start(name, { ...INPUT, topic, partitionedBy: 'key' });
    const trouble = await eventually(
      'the trouble to be shown',
      async () => (await handle.query<{ trouble: string | null }>('progress')).trouble,
      60_000,
    );
    expect(trouble).toMatch(
      /^The records of a visitor are not in one partition.*: sessions of user u\d+ at 192.0.2.1 come from partitions \d, \d/,
    );
    await weir.drain(name);
  });

  it('of a job that began on one partition refuse others, say so, and drain all the same', async () => {
    const topic = await weir.topic(1, visits(100, [0]));
    const name = uniqueName('grown');
    const handle = await weir.start(name, { ...INPUT, topic });
    await weir.committed(name, 100);
    await addPartitions(weir, topic, 2);
    const shown = await eventually(
      'the trouble to be shown',
      async () => {
        const progress = await handle.query<{ trouble: string | null; partitions: unknown[] }>('progress');
        return progress.trouble !== null && progress;
      },
      70_000,
    );
    expect(shown).toMatchObject({
      trouble: expect.stringContaining('has 2 partitions, and had one'),
      partitions: [{}],
    });
    expect(await weir.drain(name)).toMatchObject({ total: { read: 100 } });
    await expect((await weir.start(name, { ...INPUT, topic })).result()).rejects.toMatchObject({
      cause: { message: expect.stringContaining('does not regroup') },
    });
    expect(await weir.progress(name)).toHaveLength(1);
  });

  async function watermarks(job: string): Promise<(number | null)[]> {
    const { rows } = await weir.pool.query(
      'select weir.millis(watermark) as at from weir.progress where job = $1 and stage = 1 order by partition',
      [job],
    );
    return rows.map(({ at }) => at as number | null);
  }
});

async function addPartitions({ kafka }: Weir, topic: string, count: number): Promise<void> {
  const admin = await connectAdmin(kafka);
  await admin.createPartitions({ topicPartitions: [{ topic, count }] });
  await admin.disconnect();
}
