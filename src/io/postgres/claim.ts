import type { Progress } from '../../domain/commit.js';
import type { PartitionKey } from './partitionKey.js';
import type { Queryable } from './pool.js';
import { PROGRESS_COLUMNS, progressOf } from './progressRow.js';

const CLAIM = `
  update weir.progress set owner = $4
  where job = $1 and stage = $5 and partition = $2 and epoch = $3
  returning ${PROGRESS_COLUMNS}`;

/** Makes `owner` the one whose commits count and returns how far the partition is committed; null where it is not registered. */
export async function claim(
  db: Queryable,
  { job, stage = 1, partition, epoch }: PartitionKey,
  owner: string,
): Promise<Progress | null> {
  const { rows } = await db.query({
    name: 'weir-claim',
    text: CLAIM,
    values: [job, partition, epoch, owner, stage],
  });
  return rows.length === 0 ? null : progressOf(rows[0]);
}
