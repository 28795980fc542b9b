import { ApplicationFailure } from '@temporalio/common';
import type pg from 'pg';
import type { Progress } from '../domain/commit.js';
import { claim } from '../io/postgres/claim.js';
import type { PartitionKey } from '../io/postgres/partitionKey.js';
import { withFailures } from './failures.js';

export function createClaim({ pool }: { pool: pg.Pool }) {
  /** Makes the run `owner` the one whose commits count (docs/semantics.md, claim), and tells how far the partition is committed. */
  return async (partition: PartitionKey, owner: string): Promise<Progress> => {
    const progress = await withFailures(() => claim(pool, partition, owner));
    if (progress) return progress;
    const { job, epoch } = partition;
    throw ApplicationFailure.nonRetryable(
      `weir.progress holds no partition ${partition.partition} of job ${job}, epoch ${epoch}: start the job again`,
      'NotRegistered',
    );
  };
}
