import { QUEUE_ADDRESSES } from './geoQueue.js';
import { boolArray, int8Array, textArray, timestamptzArray } from './binaryArrays.js';
import type { RowsStatement } from './rowsStatement.js';
import { sessionId } from './sessionId.js';

interface Location {
  country: string | null;
  state: string | null;
  city: string | null;
}

/** Final sessions, a column each; instants in epoch milliseconds. */
export interface UserSessionColumns {
  userId: (string | null)[];
  ip: (string | null)[];
  start: number[];
  /** Time of the last event. */
  end: number[];
  /** Last event + gap. */
  windowEnd: number[];
  count: number[];
  /** Where the address is, as far as it is known by now. */
  place: (Location | undefined)[];
  os: (string | null)[];
  browser: (string | null)[];
  device: (string | null)[];
  host: (string | null)[];
  isBot: boolean[];
}

const REWRITE = `
    on conflict (job, session_date, session_start, session_id) do update
      set session_end = excluded.session_end, window_end = excluded.window_end, event_count = excluded.event_count,
          os = excluded.os, browser = excluded.browser, device = excluded.device, host = excluded.host, is_bot = excluded.is_bot,
          partition = excluded.partition, epoch = excluded.epoch,
          -- Looked up in the meantime, where this commit does not know it.
          country = coalesce(excluded.country, s.country), state = coalesce(excluded.state, s.state),
          city = coalesce(excluded.city, s.city)`;

const INSERT = (first: number, rewrite: boolean): string => `results as (
    insert into public.user_sessions as s
      (session_id, user_id, ip, session_start, session_end, window_end, event_count, session_date, country, state, city, os, browser,
       device, is_logged_in, host, is_bot, job, partition, epoch)
    select r.id, r.user_id, r.ip, r.start, r.last, r.window_end, r.event_count, (r.start at time zone 'UTC')::date, r.country, r.state,
           r.city, r.os, r.browser, r.device, r.user_id is not null, r.host, r.is_bot, $1, $2, $3
    from unnest($${first}::text[], $${first + 1}::text[], $${first + 2}::text[], $${first + 3}::timestamptz[], $${first + 4}::timestamptz[],
                $${first + 5}::timestamptz[], $${first + 6}::bigint[], $${first + 7}::text[], $${first + 8}::text[], $${first + 9}::text[],
                $${first + 10}::text[], $${first + 11}::text[], $${first + 12}::text[], $${first + 13}::text[], $${first + 14}::boolean[])
      as r (id, user_id, ip, start, last, window_end, event_count, country, state, city, os, browser, device, host, is_bot)
    where exists (select from moved)${rewrite ? REWRITE : ''})`;
const PARAMETERS = 15;

/** @param unknown addresses whose location is to be asked for (geoQueue.ts) */
export function userSessionsStatement(
  { userId, ip, start, place, ...rest }: UserSessionColumns,
  unknown: readonly string[],
): RowsStatement {
  const queue = unknown.length > 0;
  return {
    name: queue ? 'sessions-queue' : 'sessions',
    tables: (first, rewrite) =>
      INSERT(first, rewrite) +
      (queue ? `, queued as (${QUEUE_ADDRESSES(first + PARAMETERS, 'exists (select from moved)')})` : ''),
    values: [
      textArray(start.map((at, i) => sessionId(userId[i]!, ip[i]!, at))),
      textArray(userId),
      textArray(ip),
      timestamptzArray(start),
      timestamptzArray(rest.end),
      timestamptzArray(rest.windowEnd),
      int8Array(rest.count),
      textArray(place.map((at) => at?.country ?? null)),
      textArray(place.map((at) => at?.state ?? null)),
      textArray(place.map((at) => at?.city ?? null)),
      textArray(rest.os),
      textArray(rest.browser),
      textArray(rest.device),
      textArray(rest.host),
      boolArray(rest.isBot),
      ...(queue ? [textArray(unknown)] : []),
    ],
  };
}
