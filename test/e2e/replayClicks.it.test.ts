/** A replay of clicks, by user and regrouped: facts, users and what people ask are those of a fresh run (docs/semantics.md, replay). */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/cli/generate/random.js';
import type { OutgoingRecord } from '../../src/io/kafka/writer.js';
import { sharedStack } from '../support/stack.js';
import { eventually, uniqueName, Weir } from '../support/weir.js';

const SEED = Number(process.env['WEIR_SEED'] ?? Date.now() % 1_000_000);
const MINUTE = 60_000;
/** Records are stamped with the time of their place in the log: so these are not so old that the broker itself takes them. */
const FIRST = Math.floor(Date.now() / (5 * MINUTE)) * 5 * MINUTE - 360 * MINUTE;
const PARTITIONS = 3;
const COUNT = 9000;

/** Three hours of clicks, with copies, clicks of nobody, late ones, a few ahead of their stamp and a few that are broken. */
function clicks(partitionOf: (user: number, place: number) => number): OutgoingRecord[] {
  const random = seededRandom(SEED);
  const records: (OutgoingRecord & { user: number })[] = [];
  for (let i = 0; i < COUNT; i++) {
    const stamp = FIRST + i * 1200;
    if (i > 40 && random.share() < 0.05) {
      const copy = records[i - 1 - random.below(40)]!;
      records.push({ ...copy, timestampMs: stamp });
      continue;
    }
    const user = random.below(90);
    const shift = [-random.below(40_000), 20_000, -10 * MINUTE][
      random.share() < 0.95 ? 0 : 1 + random.below(2)
    ]!;
    const click_data = {
      user_id: random.share() < 0.1 ? null : `u${user}`,
      timestamp: stamp + shift + (i % 997), // nearly every time is different
      url: `/${random.below(4)}`,
    };
    const event = { key: `k${i}`, click_data, geo_data: { country: random.share() < 0.5 ? 'US' : null } };
    const value = random.share() < 0.005 ? '{"key":' : JSON.stringify(event);
    records.push({ key: null, value, timestampMs: stamp, user });
  }
  return records.map(({ user, ...record }, i) => ({ ...record, partition: partitionOf(user, i) }));
}

const DEALT = clicks((_, place) => (place * 7) % PARTITIONS);
const BY_USER = clicks((user) => user % PARTITIONS);

describe('a replay of clicks', () => {
  let weir: Weir;
  beforeAll(async () => {
    console.log(`replay of clicks: WEIR_SEED=${SEED}`);
    weir = await Weir.on(sharedStack());
    await weir.startWorker();
  });
  afterAll(() => weir.close());

  async function rowsOf(text: string, ...values: unknown[]): Promise<string[]> {
    const { rows } = await weir.pool.query({ text, values, rowMode: 'array' });
    return rows.map((row) => JSON.stringify(row)).sort();
  }

  /** What people see of a job. */
  const seen = (job: string): Promise<string[]> =>
    rowsOf(
      'select url, country, number_of_clicks, number_of_unique_users, average_time_spent from aggregated_clickstream where job = $1',
      job,
    );

  /** All that a job has written: facts, users a row each, and what is answered of an hour and of all time. */
  async function written(job: string): Promise<Record<string, string[]>> {
    const range = [new Date(FIRST + 60 * MINUTE), new Date(FIRST + 120 * MINUTE)];
    const asked: Record<string, string[]> = {};
    for (const name of ['GetNumberOfClicks', 'GetNumberOfUniqueUsers', 'GetAverageTimeSpent']) {
      for (const country of ['US', null]) {
        const hour = await rowsOf(`select * from ${name}('/1', $1, $2, $3, $4)`, country, ...range, job);
        const all = await rowsOf(`select * from ${name}('/2', $1, null, null, $2)`, country, job);
        asked[`${name} ${country}`] = [...hour, ...all, ...(await called(name, country, job))];
      }
    }
    return {
      facts: await rowsOf(
        `select partition, bucket_start, bucket_end, final_at, url, country, clicks, samples, time_spent_ms,
           array(select unnest(users) order by 1) from weir.clicks where job = $1`,
        job,
      ),
      users: await rowsOf(
        'select partition, bucket_start, url, country, user_id from weir.click_users where job = $1',
        job,
      ),
      seen: await seen(job),
      ...asked,
      rejected: (await weir.rejected(job)).map(
        ({ partition, offset, reason }) => `${partition} ${offset} ${reason}`,
      ),
    };
  }

  /** The procedure of that name. */
  async function called(name: string, country: string | null, job: string): Promise<string[]> {
    const client = await weir.pool.connect();
    try {
      await client.query('begin');
      await client.query(`set local weir.job = '${job}'`);
      await client.query(`call ${name}('/0', ${country === null ? 'null' : `'${country}'`}, 'c')`);
      const { rows } = await client.query({ text: 'fetch all from c', rowMode: 'array' });
      return rows.map((row) => JSON.stringify(row));
    } finally {
      await client.query('rollback');
      client.release();
    }
  }

  async function begun(input: object): Promise<string> {
    const name = uniqueName('clicks-again');
    await weir.start(name, input);
    await weir.committed(name, COUNT);
    await over(name);
    return name;
  }

  /** Waits until everything that stands in the log is in the results, as far as it is final. */
  async function over(name: string): Promise<void> {
    await eventually('everything to be read, and read again', async () => {
      const { rows } = await weir.pool.query(
        `select min(weir.millis(watermark)) filter (where stage = 1) as sources, count(*) filter (where watermark is null) as without,
           min(weir.millis(watermark)) filter (where stage = 2) as targets,
           bool_and("offset" >= coalesce((rewrite ->> 'untilOffset')::bigint, 0)) as is_read
         from weir.progress where job = $1 and epoch = (select epoch from weir.job where name = $1)`,
        [name],
      );
      const [{ sources, targets, without, is_read: isRead }] = rows as [
        { sources: number; targets: number | null; without: number; is_read: boolean },
      ];
      return isRead && without === 0 && (targets === null || targets === sources);
    });
  }

  describe.each<{ what: string; records: OutgoingRecord[]; more: object }>([
    { what: 'by user', records: BY_USER, more: { partitionedBy: 'key' } },
    { what: 'regrouped', records: DEALT, more: { parallelism: 2 } },
  ])('$what', ({ records, more }) => {
    const RULES = { pipeline: 'clicks', delay: '1m', idle: 'off', maxBatchEvents: 200, ...more };

    it('gives the rows of a fresh run, while what people see stays as it is', async () => {
      const topic = await weir.topic(PARTITIONS, records);
      const name = await begun({ ...RULES, topic });
      const before = await seen(name);
      expect(before).toHaveLength(8);
      const stop = new AbortController();
      const other: string[][] = [];
      const reader = (async () => {
        while (!stop.signal.aborted) {
          const now = await seen(name);
          if (JSON.stringify(now) !== JSON.stringify(before)) other.push(now);
          await sleep(20);
        }
      })();
      const handle = weir.client.workflow.getHandle(name);
      // Not on the edge of a bucket; and reading begins in the middle of the log.
      const answer = await handle.executeUpdate<{ partitions: { offset: number }[] }, [object]>('replay', {
        args: [{ from: FIRST + 97 * MINUTE + 1234, lookBack: '0s' }],
      });
      expect(Math.min(...answer.partitions.map(({ offset }) => offset))).toBeGreaterThan(
        COUNT / PARTITIONS / 10,
      );
      await weir.stopWorker('SIGKILL');
      await weir.startWorker();
      await over(name);
      stop.abort();
      await reader;
      expect(other).toEqual([]);
      await weir.drain(name);
      const fresh = await begun({ ...RULES, topic });
      await weir.drain(fresh);
      expect(await written(name)).toEqual(await written(fresh));
    });

    it('with a larger delay, gap and dedupeWithin gives those of a fresh run with them', async () => {
      const topic = await weir.topic(PARTITIONS, records);
      const name = await begun({ ...RULES, topic });
      const handle = weir.client.workflow.getHandle(name);
      const now = { delay: '15m', gap: '7m', dedupeWithin: '3m' };
      await handle.executeUpdate('replay', { args: [{ from: FIRST - 60 * MINUTE, ...now }] });
      await over(name);
      await weir.drain(name);
      const fresh = await begun({ ...RULES, topic, ...now });
      await weir.drain(fresh);
      const found = await written(name);
      expect(found['rejected']!.some((each) => each.endsWith('late'))).toBe(false);
      expect(found).toEqual(await written(fresh));
    });
  });
});
