import type { Progress } from '../../domain/commit.js';
import type { PartitionKey } from './partitionKey.js';
import type { Queryable } from './pool.js';
import { PROGRESS_COLUMNS, progressOf } from './progressRow.js';

const CLAIM = `
  update weir.progress set owner = $4, paused = case when $6 then $7 else paused end
  where job = $1 and stage = $5 and partition = $2 and epoch = $3 and not stopped
  returning ${PROGRESS_COLUMNS}`;

/** What a claim may change: why the partition is paused, or that it is not any more; left out: it stays as it is. */
export interface Claim {
  owner: string;
  paused?: string | null;
}

/**
 * Makes `owner` the one whose commits count and returns how far the partition is committed; null where it is not registered, or another
 * epoch has begun.
 */
export async function claim(
  db: Queryable,
  { job, stage = 1, partition, epoch }: PartitionKey,
  { owner, paused }: Claim,
): Promise<Progress | null> {
  const { rows } = await db.query({
    name: 'weir-claim',
    text: CLAIM,
    values: [job, partition, epoch, owner, stage, paused !== undefined, paused ?? null],
  });
  return rows.length === 0 ? null : progressOf(rows[0]);
}
