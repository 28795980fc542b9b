import { int8Array, textArray, timestamptzArray } from './binaryArrays.js';
import type { RowsStatement } from './rowsStatement.js';

/** A final count of one partition, as the hits pipeline gives it. */
type HitRow = [start: number, end: number, host: string | null, referrer: string | null, hits: number];

const REWRITE = `
    on conflict (job, window_start, partition)
      do update set window_end = excluded.window_end, hosts = excluded.hosts, referrers = excluded.referrers,
                    num_hits = excluded.num_hits, epoch = excluded.epoch`;

/** Counts, of windows as a whole: they become a row for each window. */
export function hitsStatement(rows: readonly HitRow[]): RowsStatement {
  return {
    name: 'hits',
    tables: (first, rewrite) => `results as (
    insert into weir.hits (job, partition, epoch, window_start, window_end, hosts, referrers, num_hits)
    select $1, $2, $3, r.window_start, r.window_end, array_agg(r.host), array_agg(r.referrer), array_agg(r.num_hits)
    from unnest($${first}::timestamptz[], $${first + 1}::timestamptz[], $${first + 2}::text[], $${first + 3}::text[],
                $${first + 4}::bigint[])
      as r (window_start, window_end, host, referrer, num_hits)
    where exists (select from moved)
    group by r.window_start, r.window_end${rewrite ? REWRITE : ''})`,
    values: [
      timestamptzArray(rows.map(([start]) => start)),
      timestamptzArray(rows.map(([, end]) => end)),
      textArray(rows.map(([, , host]) => host)),
      textArray(rows.map(([, , , referrer]) => referrer)),
      int8Array(rows.map(([, , , , hits]) => hits)),
    ],
  };
}
