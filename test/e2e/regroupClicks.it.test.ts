/** Clicks over a topic whose partitions are not by user: regrouped through an internal topic. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/cli/generate/random.js';
import { sharedStack } from '../support/stack.js';
import { uniqueName, Weir } from '../support/weir.js';

const SEED = Number(process.env['WEIR_SEED'] ?? Date.now() % 1_000_000);
const START = Date.UTC(2026, 0, 1);

describe('clicks that are dealt over the partitions', () => {
  let weir: Weir;
  beforeAll(async () => {
    console.log(`regrouping of clicks: WEIR_SEED=${SEED}`);
    weir = await Weir.on(sharedStack());
    await weir.startWorker();
  });
  afterAll(() => weir.close());

  async function factsOf(job: string): Promise<string[]> {
    const { rows } = await weir.pool.query(
      `select url, country, number_of_clicks, number_of_unique_users, average_time_spent from aggregated_clickstream
       where job = $1 order by url collate "C", country collate "C"`,
      [job],
    );
    return rows.map((row) => JSON.stringify(row));
  }

  it('give the facts of the same clicks in one partition: clicks, copies, unique users, time spent', async () => {
    const random = seededRandom(SEED);
    const records: { key: null; value: string }[] = [];
    for (let i = 0; i < 6000; i++) {
      if (i > 20 && random.share() < 0.05) {
        records.push(records[i - 1 - random.below(20)]!); // a copy, as it is
        continue;
      }
      const user_id = random.share() < 0.1 ? null : `u${random.below(150)}`;
      const key = random.share() < 0.1 ? null : `k${i}`;
      // Nearly every time is different: the order of clicks at the same time depends on their partitions.
      const timestamp = START + i * 1000 - random.below(20) * 1000 + (i % 997);
      const click_data = { user_id, timestamp, url: `/${random.below(5)}` };
      records.push({ key: null, value: JSON.stringify({ key, click_data, geo_data: { country: 'US' } }) });
    }
    const one = await weir.topic(1, records);
    const dealt = await weir.topic(
      5,
      records.map((record) => ({ ...record, partition: random.below(5) })),
    );
    const jobs = { one: uniqueName('one'), dealt: uniqueName('dealt') };
    await weir.start(jobs.one, { pipeline: 'clicks', topic: one });
    await weir.start(jobs.dealt, { pipeline: 'clicks', topic: dealt, parallelism: 3 });
    await Promise.all(Object.values(jobs).map((job) => weir.committed(job, records.length)));
    for (const job of Object.values(jobs)) await weir.drain(job);
    const expected = await factsOf(jobs.one);
    expect(expected).toHaveLength(5);
    expect(await factsOf(jobs.dealt)).toEqual(expected);
  });
});
