/** `user_sessions` in a database of its own: months made as they are needed, rows written as whole values, ids that SQL can compute. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { SessionsSink } from '../../../src/activities/sessionsSink.js';
import { NO_RECORDS } from '../../../src/domain/accounting.js';
import { createLocator } from '../../../src/io/geo/locator.js';
import { claim } from '../../../src/io/postgres/claim.js';
import { commit } from '../../../src/io/postgres/commit.js';
import { registerJob } from '../../../src/io/postgres/registerJob.js';
import { SessionMonths } from '../../../src/io/postgres/sessionMonths.js';
import { sessionKey } from '../../../src/pipelines/sessions/key.js';
import { packSessions } from '../../../src/pipelines/sessions/operator.js';
import type { SessionRow } from '../../../src/pipelines/sessions/columns.js';
import { createDatabase, type TestDatabase } from '../../support/database.js';
import { uniqueName } from '../../support/weir.js';

const GAP = 300_000;

interface Visitor {
  user?: string | null;
  ip?: string | null;
  count?: number;
  browser?: string | null;
  spanMs?: number;
}

function session(
  start: string,
  { user = null, ip = '1.2.3.4', count = 1, browser = null, spanMs = 0 }: Visitor = {},
): SessionRow {
  const first = Date.parse(start);
  const agent = { browser, os: null, device: null, isBot: false };
  return {
    key: sessionKey(user, ip),
    first,
    last: first + spanMs,
    count,
    offset: 0,
    source: 0,
    at: 0,
    attributes: { agent, host: null },
  };
}

describe('user_sessions', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let sink: SessionsSink;
  let job: string;

  beforeAll(async () => {
    database = await createDatabase({ connections: 8 });
    ({ pool } = database);
  });
  afterAll(() => database.drop());

  const key = () => ({ job, partition: 0, epoch: 0 });
  beforeEach(async () => {
    job = uniqueName('job');
    // Without a database of places and a service to ask.
    const locator = createLocator({ pool, mmdb: null, canAsk: false, warn: () => undefined });
    sink = new SessionsSink({ pool, locator });
    const partitions = [{ partition: 0, startOffset: 0 }];
    await registerJob(pool, {
      name: job,
      pipeline: 'sessions',
      config: {},
      partitions,
      targets: [],
      admit: () => {},
    });
    await claim(pool, key(), { owner: 'run' });
  });

  /** One commit; the first expects number 0. */
  const write = (expects: number, rows: SessionRow[]) =>
    sink.write(packSessions(rows, GAP), (statement) =>
      commit(
        pool,
        {
          ...key(),
          owner: 'run',
          topic: 't',
          results: 'sessions' as const,
          commit: {
            expects,
            offset: expects + 1,
            watermark: null,
            rebuildFrom: 0,
            counters: { ...NO_RECORDS, read: rows.length, accepted: rows.length },
            advances: [],
            caughtUpSince: null,
            endsUntil: null,
            rejects: [],
            rows: null,
          },
        },
        statement,
      ),
    );

  async function query<T>(text: string, ...values: unknown[]): Promise<T[]> {
    return (await pool.query(text, values)).rows as T[];
  }

  /** All that is stored of the job, `xmin` apart. */
  const stored = () =>
    query<Record<string, unknown>>(
      'select * from user_sessions where job = $1 order by session_start, ip',
      job,
    );

  const months = async () =>
    (
      await query<{ name: string }>(
        `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'user_sessions'::regclass`,
      )
    )
      .map(({ name }) => name.replace('weir.user_sessions_', ''))
      .sort();

  it.each([
    ['the first instant of year 1', '0001-01-01T00:00:00.000Z', '0001_01'],
    ['the last of 1969', '1969-12-31T23:59:59.999Z', '1969_12'],
    ['the first of 1970', '1970-01-01T00:00:00.000Z', '1970_01'],
    ['the end of a leap day', '2024-02-29T23:59:59.999Z', '2024_02'],
    ['the beginning of March behind it', '2024-03-01T00:00:00.000Z', '2024_03'],
    ['the end of February of no leap year', '1900-02-28T23:59:59.999Z', '1900_02'],
    ['the end of December', '2031-12-31T23:59:59.999Z', '2031_12'],
    ['the beginning of January', '2032-01-01T00:00:00.000Z', '2032_01'],
    ['the last instant of 9999', '9999-12-31T23:59:59.999Z', '9999_12'],
  ])('a session that starts at %s lands in its month: %s, %s', async (_, start, month) => {
    await write(0, [session(start)]);
    const [row] = await query(
      `select tableoid::regclass::text as month, to_char(session_date, 'YYYY-MM-DD') as date,
              to_char(session_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as start
       from user_sessions where job = $1`,
      job,
    );
    expect(row).toEqual({ month: `weir.user_sessions_${month}`, date: start.slice(0, 10), start });
  });

  it('sessions of several months in one commit land each in its own, and the month after the last is made ahead', async () => {
    await write(0, [
      session('2040-05-31T23:59:59.999Z'),
      session('2040-06-01T00:00:00Z'),
      session('2041-01-15T00:00:00Z'),
    ]);
    const found = await query<{ month: string; count: number }>(
      'select tableoid::regclass::text as month, count(*) as count from user_sessions where job = $1 group by 1 order by 1',
      job,
    );
    expect(found.map(({ month, count }) => [month, count])).toEqual([
      ['weir.user_sessions_2040_05', 1],
      ['weir.user_sessions_2040_06', 1],
      ['weir.user_sessions_2041_01', 1],
    ]);
    const made = (await months()).filter((month) => /^204[01]/.test(month));
    expect(made).toEqual(['2040_05', '2040_06', '2040_07', '2041_01', '2041_02']);
  });

  it('months are made once, however many connections make them at the same time', async () => {
    // Each year is another race.
    for (let year = 2050; year < 2060; year++) {
      const starts = Array.from({ length: 11 }, (_, month) => Date.UTC(year, month, 17));
      const orders = [starts, starts.toReversed(), starts.slice(3), starts.slice(0, 5)];
      await Promise.all([...orders, ...orders].map((some) => new SessionMonths().ensure(pool, some)));
      expect((await months()).filter((month) => month.startsWith(`${year}`))).toHaveLength(12);
    }
  });

  it('a month is made while somebody reads the table in a long transaction', async () => {
    const reader = await pool.connect();
    const maker = await pool.connect();
    try {
      await reader.query('begin');
      await reader.query('select count(*) from user_sessions');
      await maker.query(`set lock_timeout = '10s'`);
      await new SessionMonths().ensure(maker, [Date.UTC(2060, 0, 1)]);
      expect(await months()).toContain('2060_01');
    } finally {
      await reader.query('rollback');
      await maker.query('reset lock_timeout');
      reader.release();
      maker.release();
    }
  });

  it('a month that somebody has dropped is made again', async () => {
    await write(0, [session('2070-03-04T00:00:00Z')]);
    await pool.query('drop table weir.user_sessions_2070_03');
    await write(1, [session('2070-03-05T00:00:00Z', { count: 7 })]);
    expect(await stored()).toMatchObject([{ session_start: new Date('2070-03-05'), event_count: 7 }]);
  });

  it('a month that somebody has detached is attached again, with what it holds', async () => {
    await write(0, [session('2071-03-04T00:00:00Z')]);
    await pool.query('alter table user_sessions detach partition weir.user_sessions_2071_03');
    await write(1, [session('2071-03-05T00:00:00Z')]);
    expect(await stored()).toHaveLength(2);
  });

  it('the same commit once more changes nothing, and so does a later one that writes the same', async () => {
    const rows = [
      session('2026-01-01T00:00:00Z', { count: 3, spanMs: 7 }),
      session('2026-01-01T00:00:00Z', { ip: null }),
    ];
    await write(0, rows);
    const before = await stored();
    expect(before).toHaveLength(2);
    await write(0, rows);
    await write(1, rows);
    expect(await stored()).toEqual(before);
  });

  it('a session is written as a whole value: a later commit of the same one replaces it', async () => {
    await write(0, [session('2026-01-01T00:00:00Z', { count: 3, browser: 'Chrome' })]);
    await write(1, [session('2026-01-01T00:00:00Z', { count: 4, browser: 'Firefox', spanMs: 60_000 })]);
    expect(await stored()).toMatchObject([
      {
        event_count: 4,
        browser: 'Firefox',
        session_end: new Date('2026-01-01T00:01:00Z'),
        window_end: new Date('2026-01-01T00:06:00Z'),
      },
    ]);
  });

  it('a location that was filled in meanwhile survives', async () => {
    const rows = [session('2026-01-01T00:00:00Z')];
    await write(0, rows);
    await pool.query(
      `update user_sessions set country = 'CH', state = 'Vaud', city = 'Nyon' where job = $1`,
      [job],
    );
    await write(1, rows);
    expect(await stored()).toMatchObject([{ country: 'CH', state: 'Vaud', city: 'Nyon' }]);
  });

  it('visitors who differ by nothing but null, empty, or where a text ends are rows of their own', async () => {
    const start = '2026-02-01T00:00:00Z';
    const visitors: [string | null, string | null][] = [
      [null, null],
      [null, ''],
      ['', null],
      ['', ''],
      ['a', 'bc'],
      ['ab', 'c'],
      ['null', null],
      [null, 'a'],
      ['a', null],
    ];
    await write(
      0,
      visitors.map(([user, ip]) => session(start, { user, ip })),
    );
    const rows = await stored();
    expect(rows).toHaveLength(visitors.length);
    expect(new Set(rows.map(({ user_id, ip }) => JSON.stringify([user_id, ip]))).size).toBe(visitors.length);
    for (const { user_id, is_logged_in } of rows) expect(is_logged_in).toBe(user_id !== null);
  });

  it('ids are what SQL computes by the documented encoding', async () => {
    await write(0, [
      session('2026-01-01T00:00:00.123Z', { user: 'u' }),
      session('1960-01-01T00:00:00.001Z', { user: null }),
      session('2026-01-01T00:00:00Z', { user: '', ip: null }),
      session('2026-01-01T00:00:00Z', { user: 'é漢\u{1f600}', ip: '\ufffd' }),
      session('0001-01-01T00:00:00Z', { user: null, ip: null }),
    ]);
    const part = (column: string) => `coalesce('=' || octet_length(${column}) || ':' || ${column}, '-')`;
    const rows = await query<{ stored: string; computed: string }>(
      `select session_id as stored,
              encode(sha256(convert_to(${part('user_id')} || ${part('ip')} || (extract(epoch from session_start) * 1000)::bigint, 'UTF8')), 'hex') as computed
       from user_sessions where job = $1`,
      job,
    );
    expect(rows).toHaveLength(5);
    for (const { stored: id, computed } of rows) expect(id).toBe(computed);
  });

  it('user ids and addresses of the longest kind fit into the indexes', async () => {
    const long = '\ufffd'.repeat(512);
    await write(0, [session('2026-01-01T00:00:00Z', { user: long, ip: long })]);
    expect(await stored()).toMatchObject([{ user_id: long, ip: long }]);
  });
});
