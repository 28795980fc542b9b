import { clock, plainTable } from './plainTable.js';
import type { Queryable } from '../../io/postgres/pool.js';

export interface Results {
  rows: number;
  hits: number;
  rejected: number;
  /** The largest groups of the newest final window. */
  newest: {
    window_start: Date;
    window_end: Date;
    host: string | null;
    referrer: string | null;
    num_hits: number;
  }[];
}

/** What people see of the job: its final windows. */
export async function readResults(db: Queryable, job: string): Promise<Results> {
  const { rows } = await db.query(
    `select count(*) as rows, coalesce(sum(num_hits), 0)::bigint as hits,
            (select count(*) from weir.rejected where job = $1) as rejected
     from aggregated_web_traffic where job = $1`,
    [job],
  );
  const newest = await db.query(
    `select window_start, window_end, host, referrer, num_hits from aggregated_web_traffic
     where job = $1 and window_start = (select max(window_start) from aggregated_web_traffic where job = $1)
     order by num_hits desc, referrer nulls first limit 6`,
    [job],
  );
  return { ...(rows[0] as Omit<Results, 'newest'>), newest: newest.rows as Results['newest'] };
}

export function resultsTable({ rows, hits, rejected, newest }: Results): string {
  const table = plainTable({
    window_start: 'left',
    window_end: 'left',
    host: 'left',
    referrer: 'left',
    num_hits: 'right',
  });
  for (const { window_start, window_end, host, referrer, num_hits } of newest) {
    table.push([
      clock(window_start),
      clock(window_end),
      host ?? '(null)',
      (referrer ?? '(null)').slice(0, 50),
      num_hits,
    ]);
  }
  return [
    'aggregated_web_traffic: the newest final window, its largest groups',
    table.toString(),
    `${rows} rows in all, ${hits} hits; ${rejected} records in weir.rejected`,
  ].join('\n');
}
