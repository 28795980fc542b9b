/** Sessions over topics whose partitions are not by visitor: regrouped by key through an internal topic. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/cli/generate/random.js';
import { generateTraffic, PLAIN_TRAFFIC } from '../../src/cli/generate/traffic.js';
import { sharedStack } from '../support/stack.js';
import { uniqueName, Weir } from '../support/weir.js';

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
});
