/**
 * Sessions against SQL: over the accepted records of a log, gaps and islands in a real Postgres give the same, wherever no record came
 * behind a final session. The seed is printed; WEIR_SEED sets it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { seededRandom, type Random } from '../../../src/cli/generate/random.js';
import { createPool } from '../../../src/io/postgres/pool.js';
import { loadConfig } from '../../../src/worker/config.js';
import { testJob } from '../../support/job.js';
import { referenceSessions, type ModelRecord } from '../../support/reference.js';
import { pick, testSeed } from '../../support/scenarios.js';
import { sessionsInBatches } from '../../support/sessionModel.js';
import { sharedStack } from '../../support/stack.js';

const LOGS = 2000;
const GAP = 10;

/** `[start, end, user, ip, agent, host, offset]` and the number of records, as referenceSessions has them. */
const ISLANDS = `
  with marked as (
    select *, case when time - lag(time) over visitor <= $2 then 0 else 1 end as begins
    from json_to_recordset($1) as visits (log int, "offset" int, time bigint, "user" text, ip text, agent text, host text)
    window visitor as (partition by log, "user", ip order by time, "offset")
  ), numbered as (
    select *, sum(begins) over (partition by log, "user", ip order by time, "offset") as session from marked
  )
  select log, json_build_array(
           json_build_array(min(time), max(time) + $2, "user", ip, (array_agg(agent order by time, "offset"))[1],
                            (array_agg(host order by time, "offset"))[1], min("offset")),
           count(*)) as session
  from numbered group by log, "user", ip, session`;

describe('sessions of random logs', () => {
  let pool: pg.Pool;
  beforeAll(() => {
    pool = createPool(loadConfig({ POSTGRES_URL: sharedStack().postgresUrl }).postgres, 1);
  });
  afterAll(() => pool.end());

  it('are those of a record-by-record reference always, and of plain SQL where nothing came behind a final session', async () => {
    const random = seededRandom(testSeed());
    const visits: object[] = [];
    const expected: string[] = [];
    let behind = 0;
    for (let nth = 0; nth < LOGS; nth++) {
      const delayMs = pick(random, [0, 3, 15]);
      const log = randomLog(random);
      const found = sessionsInBatches(log, batches(random), { gapMs: GAP, delayMs });
      const job = testJob({ sizeMs: GAP, delayMs, futureGuardMs: Infinity });
      const reference = referenceSessions(job, log, []);
      expect(found, `log ${nth}`).toEqual([...reference.rows].map((row) => JSON.stringify(row)).sort());
      if (reference.behindFinal > 0) {
        behind++;
        continue;
      }
      for (const [offset, record] of log.entries())
        if (!reference.rejected.has(offset)) visits.push({ log: nth, offset, ...record });
      expected.push(...found.map((session) => `${nth} ${session}`));
    }
    // Both kinds have to be there, or the test shows nothing.
    expect(behind).toBeGreaterThan(LOGS / 20);
    expect(behind).toBeLessThan(LOGS / 2);
    const { rows } = await pool.query(ISLANDS, [JSON.stringify(visits), GAP]);
    const islands = (rows as { log: number; session: unknown }[]).map(
      ({ log, session }) => `${log} ${asRow(session)}`,
    );
    expect(islands.sort()).toEqual(expected.sort());
  });
});

function randomLog(random: Random): ModelRecord[] {
  const disorder = pick(random, [3, 8, 20]);
  const rate = pick(random, [1, 3, 6]);
  return Array.from({ length: 5 + random.below(60) }, (_, i) => ({
    time: i * rate - random.below(disorder),
    timestampMs: null,
    reason: null,
    ip: pick(random, ['1', '1', '2', null]),
    user: pick(random, [null, null, 'u', '']),
    agent: pick(random, ['X', 'Y', null]),
    host: pick(random, ['h', null]),
  }));
}

function batches(random: Random): number[] {
  const most = pick(random, [1, 4, 40]);
  return Array.from({ length: 65 }, () => 1 + random.below(most));
}

/** As in the reference, where the first part is JSON inside JSON. */
function asRow(session: unknown): string {
  const [group, count] = session as [unknown, number];
  return JSON.stringify([JSON.stringify(group), count]);
}
