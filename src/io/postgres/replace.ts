import type { Replaced } from '../../domain/rewrite.js';
import type { PartitionKey } from './partitionKey.js';
import type { Queryable } from './pool.js';

/** Tables of results: from when to when a row is, as its pipeline sees it (src/domain/operator.ts, spanOf). */
export const RESULTS = {
  hits: { table: 'weir.hits', start: 'window_start', end: 'window_end' },
  sessions: { table: 'public.user_sessions', start: 'session_start', end: 'window_end' },
  clicks: { table: 'weir.clicks', start: 'bucket_start', end: 'final_at' },
} as const;

export type Results = keyof typeof RESULTS;

/** Partitions of user_sessions that cannot hold such a session are not looked at. */
const DATES = `and session_date between (coalesce(weir.instant($4 - $6), '-infinity') at time zone 'UTC')::date
                       and (weir.instant($5) at time zone 'UTC')::date`;

const DELETE_RESULTS = (of: Results): string => {
  const { table, start, end } = RESULTS[of];
  return `delete from ${table}
    where job = $1 and partition = $2 and epoch < $3
      and ${end} > coalesce(weir.instant($4), '-infinity') and ${end} <= weir.instant($5)
      and ${start} > coalesce(weir.instant($4 - $6), '-infinity') and ${start} <= weir.instant($5)
      ${of === 'sessions' ? DATES : ''}`;
};

const DELETE_REJECTED = `
  delete from weir.rejected
  where job = $1 and epoch = any($2) and stage = $3 and partition = $4 and "offset" >= $5 and "offset" < $6`;

/** Deletes what older epochs have written and the commit of `key` replaces: behind its own rows, in its transaction. */
export async function replace(
  db: Queryable,
  { job, stage = 1, partition, epoch, results }: PartitionKey & { results: Results },
  { ends, offsets, longestMs }: Replaced,
): Promise<void> {
  if (ends !== null) {
    await db.query({
      name: `weir-replace-${results}`,
      text: DELETE_RESULTS(results),
      values: [job, partition, epoch, ends[0], ends[1], longestMs],
    });
  }
  if (offsets !== null) {
    const older = Array.from({ length: epoch }, (_, each) => each);
    await db.query({
      name: 'weir-replace-rejected',
      text: DELETE_REJECTED,
      values: [job, older, stage, partition, ...offsets],
    });
  }
}
