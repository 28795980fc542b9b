import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { byteaArray, int8Array, textArray, timestamptzArray } from './binaryArrays.js';
import { nullSafe } from './nullSafe.js';
import type { RowsStatement } from './rowsStatement.js';

/** A final count of one partition, as the hits pipeline gives it. */
type HitRow = [start: number, end: number, host: string | null, referrer: string | null, hits: number];

/** The same groups come in window after window, and a look here takes a tenth of the time. By their number, and by their characters. */
const hashes = new LRUCache<string, Buffer>({
  max: 10_000,
  maxSize: 2_000_000,
  sizeCalculation: (_, group) => group.length,
});

/** SHA-256 over host and referrer, null-safe. It stands in the key for them, since a btree entry ends at 2.7 kB. */
function groupHash(host: string | null, referrer: string | null): Buffer {
  const group = nullSafe(host) + nullSafe(referrer);
  let found = hashes.get(group);
  if (found === undefined) hashes.set(group, (found = hash('sha256', group, 'buffer')));
  return found;
}

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
