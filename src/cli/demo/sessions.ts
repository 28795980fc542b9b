import type { Queryable } from '../../io/postgres/pool.js';
import { clock, plainTable } from './plainTable.js';

export interface Sessions {
  sessions: number;
  events: number;
  loggedIn: number;
  bots: number;
  newest: {
    session_start: Date;
    session_end: Date;
    user_id: string | null;
    ip: string | null;
    event_count: number;
    browser: string | null;
    os: string | null;
    device: string | null;
  }[];
}

/** What people see of the job: its final sessions. */
export async function readSessions(db: Queryable, job: string): Promise<Sessions> {
  const { rows } = await db.query(
    `select count(*) as sessions, coalesce(sum(event_count), 0)::bigint as events,
            count(*) filter (where is_logged_in) as "loggedIn", count(*) filter (where is_bot) as bots
     from user_sessions where job = $1`,
    [job],
  );
  const newest = await db.query(
    `select session_start, session_end, user_id, ip, event_count, browser, os, device
     from user_sessions where job = $1 order by window_end desc, session_start desc limit 6`,
    [job],
  );
  return { ...(rows[0] as Omit<Sessions, 'newest'>), newest: newest.rows as Sessions['newest'] };
}

export function sessionsTable({ sessions, events, loggedIn, bots, newest }: Sessions): string {
  const table = plainTable({
    session_start: 'left',
    session_end: 'left',
    user_id: 'right',
    ip: 'left',
    event_count: 'right',
    browser: 'left',
    os: 'left',
    device: 'left',
  });
  for (const { session_start, session_end, user_id, ip, event_count, ...agent } of newest) {
    const { browser, os, device } = agent;
    table.push([
      clock(session_start),
      clock(session_end),
      user_id ?? '(null)',
      ip ?? '(null)',
      event_count,
      browser ?? '(null)',
      os ?? '(null)',
      device ?? '(null)',
    ]);
  }
  return [
    'user_sessions: those that ended last',
    table.toString(),
    `${sessions} sessions in all of ${events} events; ${loggedIn} logged in, ${bots} of robots`,
  ].join('\n');
}
