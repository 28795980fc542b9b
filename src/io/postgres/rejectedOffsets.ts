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
