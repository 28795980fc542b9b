/** A replay while the topic gains a partition (docs/semantics.md, replay): no row is lost, doubled or different from a fresh run's. */
import type kafkajs from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/cli/generate/random.js';
import { connectAdmin } from '../support/kafkaAdmin.js';
import { sessionsOfJob } from '../support/regroupedTopic.js';
import { sharedStack } from '../support/stack.js';
import { eventually, uniqueName, Weir } from '../support/weir.js';

const SEED = Number(process.env['WEIR_SEED'] ?? Date.now() % 1_000_000);
const MINUTE = 60_000;
/** Records are stamped with the times of their events: so these are not so old that the broker itself takes them. */
const FIRST = Math.floor(Date.now() / MINUTE) * MINUTE - 360 * MINUTE;
const ROUND = 600;
const EVERY_MS = 3000;
/** A job looks for new partitions once a minute at the latest. */
const LOOKS_MS = 90_000;

describe('a replay while the topic gains a partition', () => {
  let weir: Weir;
  let admin: kafkajs.Admin;
  beforeAll(async () => {
    console.log(`replay of a growing topic: WEIR_SEED=${SEED}`);
    weir = await Weir.on(sharedStack());
    await weir.startWorker();
    admin = await connectAdmin(weir.kafka);
  });
  afterAll(async () => {
    await admin.disconnect();
    await weir.close();
  });

  const random = seededRandom(SEED);
  /** Half an hour of visits, in all of so many partitions. */
  const round = (number: number, partitions: number) =>
    Array.from({ length: ROUND }, (_, i) => {
      const time = FIRST + (number * ROUND + i) * EVERY_MS;
      const event = {
        event_time: new Date(time).toISOString(),
        host: 'www.example.com',
        referrer: `r${random.below(3)}`,
        user_id: `u${random.below(40)}`,
        ip: '192.0.2.1',
      };
      const partition = i < partitions ? i : random.below(partitions);
      return { key: null, value: JSON.stringify(event), timestampMs: time, partition };
    });

  /** Members of the present epoch of a job that are known, and how many records it has taken in: replays take none twice. */
  async function standing(job: string): Promise<{ partitions: number; behind: number }> {
    const { rows } = await weir.pool.query(
      `select partition, "offset" from weir.progress
       where job = $1 and stage = 1 and epoch = (select epoch from weir.job where name = $1)`,
      [job],
    );
    const of = new Map(rows.map((row) => [row.partition as number, row.offset as number]));
    const ends = await admin.fetchTopicOffsets(topic);
    const behind = ends.reduce(
      (sum, { partition, high }) => sum + Number(high) - (of.get(partition) ?? 0),
      0,
    );
    return { partitions: of.size, behind };
  }

  let topic: string;

  it('ends with the rows of a fresh run: of hits, and of sessions that are regrouped', async () => {
    topic = await weir.topic(2);
    const hits = { pipeline: 'hits', topic, size: '5m', delay: '5s', idle: 'off' };
    const sessions = { pipeline: 'sessions', topic, gap: '1m', delay: '5s', parallelism: 2, idle: 'off' };
    const jobs = new Map<string, object>([
      [uniqueName('growing'), { ...hits, maxBatchEvents: 50 }],
      [uniqueName('growing-sessions'), { ...sessions, maxBatchEvents: 50 }],
    ]);
    const names = [...jobs.keys()];
    await weir.produce(topic, round(0, 2));
    for (const [name, input] of jobs) await weir.start(name, input);
    const read = () =>
      Promise.all(
        names.map((name) =>
          eventually(
            `${name} to have read everything`,
            async () => (await standing(name)).behind === 0,
            LOOKS_MS,
          ),
        ),
      );
    const known = (partitions: number, some = names) =>
      Promise.all(
        some.map((name) =>
          eventually(
            `${name} to have taken up partition ${partitions - 1}`,
            async () => (await standing(name)).partitions === partitions,
            LOOKS_MS,
          ),
        ),
      );
    const grow = (count: number) => admin.createPartitions({ topicPartitions: [{ topic, count }] });
    const replay = (minute: number, some = names) =>
      Promise.all(
        some.map((name) =>
          weir.client.workflow
            .getHandle(name)
            .executeUpdate('replay', { args: [{ from: FIRST + minute * MINUTE, lookBack: '0s' }] }),
        ),
      );
    await read();

    // At the same moment: the replay does not know of the partition, or does.
    await Promise.all([grow(3), replay(7)]);
    await known(3);
    await weir.produce(topic, round(1, 3));
    await read();
    // The partition is there, and nobody has looked.
    await grow(4);
    await replay(31);
    await known(4);
    await weir.produce(topic, round(2, 4));
    await read();
    // The job takes it up in this moment: it is entered, has read nothing, and, of a regrouping, may not have said that it is there.
    await grow(5);
    await Promise.all(names.map((name) => known(5, [name]).then(() => replay(11, [name]))));
    await weir.produce(topic, round(3, 5));
    await read();
    for (const name of names) await weir.drain(name);

    for (const [name, input] of jobs) {
      const fresh = uniqueName('fresh');
      await weir.start(fresh, input);
      await eventually('all to be read', async () => (await standing(fresh)).behind === 0);
      await weir.drain(fresh);
      expect(await weir.view(name)).toEqual(await weir.view(fresh));
      expect(await sessionsOfJob(weir.pool, name)).toEqual(await sessionsOfJob(weir.pool, fresh));
      expect(await weir.rejected(name)).toEqual([]);
      const { rows } = await weir.pool.query(
        'select count(*)::int as doubled from (select from weir.hit_counts where job = $1 group by partition, window_start, host, referrer having count(*) > 1) d',
        [name],
      );
      expect(rows).toEqual([{ doubled: 0 }]);
    }
    const written = await Promise.all(names.map(async (name) => (await weir.view(name)).length));
    expect(written[0]).toBeGreaterThan(50);
    expect((await sessionsOfJob(weir.pool, names[1]!)).length).toBeGreaterThan(200);
  }, 600_000);
});
