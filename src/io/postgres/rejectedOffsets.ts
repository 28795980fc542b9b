import type { PartitionKey } from './partitionKey.js';
import type { Queryable } from './pool.js';

const REJECTED_OFFSETS = `
  select "offset" from weir.rejected
  where job = $1 and epoch = $2 and stage = $6 and partition = $3 and "offset" >= $4 and "offset" < $5`;

/** Offsets in [from, until) whose records were rejected or late: a silent read leaves them out. */
export async function rejectedOffsets(
  db: Queryable,
  { job, stage = 1, epoch, partition }: PartitionKey,
  { from, until }: { from: number; until: number },
): Promise<Set<number>> {
  const { rows } = await db.query({
    name: 'weir-rejected-offsets',
    text: REJECTED_OFFSETS,
    values: [job, epoch, partition, from, until, stage],
  });
  return new Set(rows.map((row) => row.offset as number));
}

const LATE_BEFORE = `
  select distinct "offset" from weir.rejected
  where job = $1 and epoch < $2 and stage = $3 and partition = $4 and "offset" >= $5 and "offset" < $6 and reason = 'late'
  order by "offset" limit $7`;

/** Offsets in [from, until) whose records older epochs have found late: the first `limit` of them, in order. */
export async function lateBefore(
  db: Queryable,
  { job, stage = 1, epoch, partition }: PartitionKey,
  { from, until, limit }: { from: number; until: number; limit: number },
): Promise<number[]> {
  const { rows } = await db.query({
    name: 'weir-late-before',
    text: LATE_BEFORE,
    values: [job, epoch, stage, partition, from, until, limit],
  });
  return rows.map((row) => row.offset as number);
}
