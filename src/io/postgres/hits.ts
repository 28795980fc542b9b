import { hash } from 'node:crypto';
import type { RowWriter } from './rowWriter.js';

/** A final count of one partition, as the hits pipeline gives it. */
type HitRow = [start: number, end: number, host: string | null, referrer: string | null, hits: number];

/**
 * SHA-256 over host and referrer, null-safe: each is `-` when null, else `=`, its length in UTF-8 bytes, `:`, and its UTF-8 bytes. It
 * stands in the key for them, since a btree entry ends at 2.7 kB.
 */
function groupHash(host: string | null, referrer: string | null): Buffer {
  return hash('sha256', part(host) + part(referrer), 'buffer');
}

function part(text: string | null): string {
  return text === null ? '-' : `=${Buffer.byteLength(text)}:${text}`;
}

export const hitsWriter: RowWriter<HitRow> = {
  name: 'hits',
  insert: (first) => `
    insert into weir.hits (job, partition, epoch, window_start, window_end, group_hash, host, referrer, num_hits)
    select $1, $2, $3, weir.instant(r.window_start), weir.instant(r.window_end), r.group_hash, r.host, r.referrer, r.num_hits
    from unnest($${first}::bigint[], $${first + 1}::bigint[], $${first + 2}::bytea[], $${first + 3}::text[], $${first + 4}::text[],
                $${first + 5}::bigint[])
      as r (window_start, window_end, group_hash, host, referrer, num_hits)
    where exists (select from moved)
    on conflict (job, window_start, group_hash, partition)
      do update set num_hits = excluded.num_hits, window_end = excluded.window_end, epoch = excluded.epoch`,
  values: (rows) => [
    rows.map(([start]) => start),
    rows.map(([, end]) => end),
    rows.map(([, , host, referrer]) => groupHash(host, referrer)),
    rows.map(([, , host]) => host),
    rows.map(([, , , referrer]) => referrer),
    rows.map(([, , , , hits]) => hits),
  ],
};
