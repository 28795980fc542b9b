import { byteaArray, int8Array, textArray, timestamptzArray } from './binaryArrays.js';
import { groupHash } from './groupHash.js';
import type { RowsStatement } from './rowsStatement.js';

/** Final facts of clicks, a column each; instants in epoch milliseconds. */
export interface ClickFactColumns {
  start: number[];
  url: (string | null)[];
  country: (string | null)[];
  clicks: number[];
  samples: number[];
  timeSpentMs: number[];
  users: string[][];
  /** Length of each bucket, and how long after its end it is final. */
  sizeMs: number;
  gapMs: number;
}

const REWRITE = `
    on conflict (job, group_hash, bucket_start, partition) do update
      set bucket_end = excluded.bucket_end, final_at = excluded.final_at, clicks = excluded.clicks, samples = excluded.samples,
          time_spent_ms = excluded.time_spent_ms, users = excluded.users, epoch = excluded.epoch`;

const INSERT = (first: number, rewrite: boolean): string => `results as (
    insert into weir.clicks
      (job, partition, epoch, bucket_start, bucket_end, final_at, group_hash, url, country, clicks, samples, time_spent_ms, users)
    select $1, $2, $3, r.start, r.start + $${first}::interval, r.start + $${first + 1}::interval, r.group_hash, r.url, r.country,
           r.clicks, r.samples, r.time_spent_ms, r.users::text[]
    from unnest($${first + 2}::timestamptz[], $${first + 3}::bytea[], $${first + 4}::text[], $${first + 5}::text[],
                $${first + 6}::bigint[], $${first + 7}::bigint[], $${first + 8}::bigint[], $${first + 9}::text[])
      as r (start, group_hash, url, country, clicks, samples, time_spent_ms, users)
    where exists (select from moved)${rewrite ? REWRITE : ''})`;

export function clicksStatement(columns: ClickFactColumns): RowsStatement {
  const { start, url, country, clicks, samples, timeSpentMs, users, sizeMs, gapMs } = columns;
  return {
    name: 'clicks',
    tables: INSERT,
    values: [
      `${sizeMs} milliseconds`,
      `${sizeMs + gapMs} milliseconds`,
      timestamptzArray(start),
      byteaArray(url.map((each, i) => groupHash(each, country[i]!))),
      textArray(url),
      textArray(country),
      int8Array(clicks),
      int8Array(samples),
      int8Array(timeSpentMs),
      textArray(users.map(arrayLiteral)),
    ],
  };
}

const SPECIAL = /["\\]/;

/** Lists of any lengths cannot stand in one array of Postgres: each goes as the text of an array. */
function arrayLiteral(texts: readonly string[]): string {
  if (texts.length === 0) return '{}';
  const plain = texts.every((text) => !SPECIAL.test(text));
  const quoted = plain ? texts : texts.map((text) => text.replaceAll(/["\\]/g, String.raw`\$&`));
  return `{"${quoted.join('","')}"}`;
}
