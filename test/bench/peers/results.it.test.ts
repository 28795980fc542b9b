import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checksumSql, compare, emptyTables, makeTables } from '../../../bench/peers/results.js';
import { createDatabase, type TestDatabase } from '../../support/database.js';

/** As in the peers' schema.sql, but for columns that are not compared, and without the keys: a run may be wrong in any way here. */
const TABLES = `
  create table hits (run text, window_start timestamptz, window_end timestamptz, host text, referrer text, num_hits bigint);
  create table sessions (run text, session_start timestamptz, session_end timestamptz, event_count bigint, user_id text, ip text);
  create table clicks (run text, window_start timestamptz, url text, clicks bigint, users bigint);`;

const CLOSED = Date.parse('2026-01-01T01:00:00Z');

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase({ connections: 1 });
  await makeTables(database.pool, TABLES);
});
afterAll(() => database.drop());

interface Sums {
  rows: number;
  open: number;
  events: number;
  checksum: string;
}

/** Of rows given as line, events and end. */
async function sums(...rows: [line: string, events: number, ends: string][]): Promise<Sums> {
  const values = rows.map(([line, events, ends]) => `('${line}', ${events}::bigint, '${ends}'::timestamptz)`);
  const found = await database.pool.query<Sums>(
    checksumSql(`select * from (values ${values.join(', ')}) as v (line, events, ends) where $1 <> ''`),
    ['any', CLOSED],
  );
  return found.rows[0]!;
}

describe('the checksum', () => {
  it('does not depend on the order of rows', async () => {
    const one = await sums(['a', 1, '2026-01-01 00:05Z'], ['b', 2, '2026-01-01 00:10Z']);
    const other = await sums(['b', 2, '2026-01-01 00:10Z'], ['a', 1, '2026-01-01 00:05Z']);
    expect(one).toEqual(other);
    expect(one.checksum).toMatch(/^[0-9a-f]{8}$/);
    expect(one.events).toBe(3);
  });

  it('is another one for another row, for a row less and for a row twice', async () => {
    const at = '2026-01-01 00:05Z';
    const all = [
      await sums(['a', 1, at]),
      await sums(['b', 1, at]),
      await sums(['a', 1, at], ['b', 1, at]),
      await sums(['a', 1, at], ['a', 1, at]),
      await sums(['a', 1, at], ['a', 1, at], ['a', 1, at]),
    ];
    expect(new Set(all.map(({ checksum }) => checksum)).size).toBe(all.length);
  });

  it('leaves out rows that end later than what every engine has closed, and takes one that ends just then', async () => {
    const exactly = await sums(['a', 1, '2026-01-01 01:00Z']);
    expect(exactly.open).toBe(0);
    const beyond = await sums(['a', 1, '2026-01-01 01:00Z'], ['b', 7, '2026-01-01 01:00:00.001Z']);
    expect(beyond).toEqual({ ...exactly, rows: 2, open: 1 });
  });
});

const HITS = `select $1, to_timestamp(300 * n), to_timestamp(300 * (n + 1)), 'h', nullif('r' || n % 2, 'r0'), n from generate_series(1, 12) n`;

describe('results', () => {
  beforeEach(async () => {
    await emptyTables(database.pool);
    await database.pool.query('truncate exact.hits, exact.sessions, exact.clicks');
  });

  const compared = (closedBefore: number) =>
    compare(database.pool, {
      job: 'hits',
      source: { of: 'peers', name: 'run' },
      exact: { of: 'exact', name: 'exact' },
      closedBefore,
    });

  it('agree with those of the exact pass, whatever other runs wrote', async () => {
    await database.pool.query(`insert into exact.hits ${HITS}`, ['exact']);
    await database.pool.query(`insert into peers.hits ${HITS}`, ['run']);
    await database.pool.query(`insert into peers.hits ${HITS}`, ['another']);
    expect(await compared(1e9)).toMatchObject({ rows: 12, open: 0, lost: 0, agrees: true });
  });

  it('may lack rows at the end of the topic', async () => {
    await database.pool.query(`insert into exact.hits ${HITS}`, ['exact']);
    await database.pool.query(`insert into peers.hits ${HITS} offset 0 limit 10`, ['run']);
    expect(await compared(11 * 300_000)).toMatchObject({ rows: 10, open: 2, lost: 0, agrees: true });
  });

  it('tell how many events are lost, and do not agree then', async () => {
    await database.pool.query(`insert into exact.hits ${HITS}`, ['exact']);
    await database.pool.query(`insert into peers.hits ${HITS}`, ['run']);
    await database.pool.query('update peers.hits set num_hits = 1 where num_hits = 5');
    expect(await compared(1e9)).toMatchObject({ rows: 12, open: 0, lost: 4, agrees: false });
  });

  it('do not agree where as many events are in another group', async () => {
    await database.pool.query(`insert into exact.hits ${HITS}`, ['exact']);
    await database.pool.query(`insert into peers.hits ${HITS}`, ['run']);
    await database.pool.query(`update peers.hits set referrer = '' where num_hits = 2`); // null before
    expect(await compared(1e9)).toMatchObject({ lost: 0, agrees: false });
  });

  it('of sessions and clicks are compared, too, and those of weir in its own tables', async () => {
    await database.pool.query(
      `insert into exact.sessions values ('exact', to_timestamp(1), to_timestamp(310), 4, null, 'ip')`,
    );
    await database.pool.query(`insert into exact.clicks values ('exact', to_timestamp(0), '/', 3, 2)`);
    await database.pool.query(
      `insert into weir.clicks (job, partition, bucket_start, bucket_end, final_at, group_hash, url, country, clicks, samples, time_spent_ms, users, epoch)
       values ('job', 0, to_timestamp(0), to_timestamp(300), to_timestamp(600), '\\x00', '/', 'unknown', 2, 0, 0, '{u1,u2}', 1),
              ('job', 1, to_timestamp(0), to_timestamp(300), to_timestamp(600), '\\x00', '/', 'unknown', 1, 0, 0, '{u1}', 1)`,
    );
    const of = (job: 'sessions' | 'clicks', name: string) =>
      compare(database.pool, {
        job,
        source: { of: 'weir', name },
        exact: { of: 'exact', name: 'exact' },
        closedBefore: CLOSED,
      });
    expect(await of('clicks', 'job')).toMatchObject({ rows: 1, lost: 0, agrees: true });
    expect(await of('clicks', 'none')).toMatchObject({ rows: 0, lost: 3, agrees: false });
    expect(await of('sessions', 'none')).toMatchObject({ rows: 0, lost: 4, agrees: false });
  });
});
