import type { Queryable } from './pool.js';

/** How the queue and the day's budget stand. */
export interface GeoStanding {
  queued: number;
  /** Epoch milliseconds; null where the queue is empty. */
  oldestQueuedAt: number | null;
  /** Addresses of the queue whose last request failed, and one of the errors. */
  failing: number;
  lastError: string | null;
  /** Requests of the day. */
  requests: number;
}

const STANDING = `
  select count(*) as queued, weir.millis(min(queued_at)) as "oldestQueuedAt", count(last_error) as failing,
         (array_agg(last_error order by attempts desc) filter (where last_error is not null))[1] as "lastError",
         coalesce((select requests from weir.geo_budget where day = $1::date), 0) as requests
  from weir.geo_queue`;

/** @param day `YYYY-MM-DD`, UTC */
export async function geoStanding(db: Queryable, day: string): Promise<GeoStanding> {
  const { rows } = await db.query(STANDING, [day]);
  return rows[0] as GeoStanding;
}
