import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type pg from 'pg';
import type { Progress } from '../domain/commit.js';
import { internalTopic } from '../io/kafka/internalTopic.js';
import { claim } from '../io/postgres/claim.js';
import { currentEpoch, type CurrentEpoch } from '../io/postgres/currentEpoch.js';
import type { PartitionKey } from '../io/postgres/partitionKey.js';
import type { Job } from '../pipelines/job.js';
import { withFailures } from './failures.js';

/** An epoch of a job, as its members are told. */
export interface Epoch {
  epoch: number;
  job: Job;
  /** Where records are regrouped by key: the internal topic, and its partitions. */
  regroup?: { topic: string; targets: number };
}

/** Where the partition goes on; or the epoch that has begun meanwhile. */
export type Claimed = (Progress & { newer?: never }) | { newer: Epoch };

export function createClaim({ pool }: { pool: pg.Pool }) {
  /**
   * Makes the run `owner` the one whose commits count (docs/semantics.md, claim), and tells how far the partition is committed. `paused`:
   * why it is paused from now on, or null: not any more.
   */
  return async (partition: PartitionKey, owner: string, paused?: string | null): Promise<Claimed> => {
    const { job, epoch } = partition;
    const what = paused === undefined ? { owner } : { owner, paused };
    const progress = await withFailures(() => claim(pool, partition, what));
    if (progress) {
      const { offset, number } = progress;
      Context.current().log.info('claimed', { ...partition, owner, offset, number });
      return progress;
    }
    const current = await withFailures(() => currentEpoch<Job>(pool, job));
    if (current !== null && current.epoch > epoch) return { newer: epochOf(job, current) };
    throw ApplicationFailure.nonRetryable(
      `weir.progress holds no partition ${partition.partition} of job ${job}, epoch ${epoch}: start the job again`,
      'NotRegistered',
    );
  };
}

/** An epoch of job `name` as its members are told. */
export function epochOf(
  name: string,
  { epoch, config, targets }: Pick<CurrentEpoch<Job>, 'epoch' | 'config' | 'targets'>,
): Epoch {
  const regroup = targets === 0 ? {} : { regroup: { topic: internalTopic(name, epoch), targets } };
  return { epoch, job: config, ...regroup };
}
