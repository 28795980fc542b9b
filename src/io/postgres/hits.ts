import { byteaArray, int8Array, textArray, timestamptzArray } from './binaryArrays.js';
import { groupHash } from './groupHash.js';
import type { RowsStatement } from './rowsStatement.js';

/** A final count of one partition, as the hits pipeline gives it. */
type HitRow = [start: number, end: number, host: string | null, referrer: string | null, hits: number];

const REWRITE = `
    on conflict (job, window_start, group_hash, partition)
      do update set num_hits = excluded.num_hits, window_end = excluded.window_end, epoch = excluded.epoch`;

export function hitsStatement(rows: readonly HitRow[]): RowsStatement {
  return {
    name: 'hits',
    tables: (first, rewrite) => `results as (
    insert into weir.hits (job, partition, epoch, window_start, window_end, group_hash, host, referrer, num_hits)
    select $1, $2, $3, r.window_start, r.window_end, r.group_hash, r.host, r.referrer, r.num_hits
    from unnest($${first}::timestamptz[], $${first + 1}::timestamptz[], $${first + 2}::bytea[], $${first + 3}::text[],
                $${first + 4}::text[], $${first + 5}::bigint[])
      as r (window_start, window_end, group_hash, host, referrer, num_hits)
    where exists (select from moved)${rewrite ? REWRITE : ''})`,
    values: [
      timestamptzArray(rows.map(([start]) => start)),
      timestamptzArray(rows.map(([, end]) => end)),
      byteaArray(rows.map(([, , host, referrer]) => groupHash(host, referrer))),
      textArray(rows.map(([, , host]) => host)),
      textArray(rows.map(([, , , referrer]) => referrer)),
      int8Array(rows.map(([, , , , hits]) => hits)),
    ],
  };
}
