/** A database of its own for tests of location: the queue belongs to everybody. */
import type pg from 'pg';
import { createDatabase, type TestDatabase } from './database.js';

/** As {@link createDatabase} makes it, for sessions of any date. */
export async function createGeoDatabase(): Promise<TestDatabase> {
  const database = await createDatabase({ connections: 20 });
  await database.pool.query('create table weir.sessions_of_tests partition of user_sessions default');
  return database;
}

export interface TestSession {
  ip: string | null;
  job?: string;
  date?: string;
  country?: string | null;
  state?: string | null;
  city?: string | null;
}

let sessions = 0;

/** An insert of session rows, as statement and values: `$1` on. */
export function insertSessions(rows: readonly TestSession[]): { text: string; values: unknown[] } {
  const text = `insert into public.user_sessions (job, session_id, ip, session_date, country, state, city, session_start, session_end,
      window_end, event_count, os, browser, device, is_logged_in, host, is_bot, partition, epoch)
    select r.job, r.id, r.ip, r.date, r.country, r.state, r.city, r.date, r.date, r.date, 1, 'os', 'browser', 'device', false, 'host',
      false, 0, 0
    from unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::text[], $6::text[], $7::text[])
      as r (job, id, ip, date, country, state, city)`;
  const values = [
    rows.map(({ job }) => job ?? 'job'),
    rows.map(() => `session-${process.pid}-${++sessions}`),
    rows.map(({ ip }) => ip),
    rows.map(({ date }) => date ?? '2026-01-01'),
    rows.map(({ country }) => country ?? null),
    rows.map(({ state }) => state ?? null),
    rows.map(({ city }) => city ?? null),
  ];
  return { text, values };
}

/** `ip country/state/city` of all sessions, sorted. */
export async function sessionPlaces(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query(
    `select concat(ip, ' ', coalesce(country, '-'), '/', coalesce(state, '-'), '/', coalesce(city, '-')) as line from public.user_sessions`,
  );
  return (rows as { line: string }[]).map(({ line }) => line).toSorted();
}
