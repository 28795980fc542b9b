import type { Job } from './job.js';

/**
 * Why a job cannot take a topic of so many partitions, and what to do; null where it can. A session needs all records of a visitor in one
 * partition (docs/semantics.md, keys together).
 */
export function whyKeysAreApart(job: Job, partitions: number): string | null {
  if (job.pipeline !== 'sessions' || partitions <= 1 || job.partitionedBy === 'key') return null;
  return (
    `topic ${job.topic} has ${partitions} partitions, and a session needs all records of its visitor (user_id, ip) in one of them. ` +
    'Where records are keyed by visitor, or by ip alone, declare it: "partitionedBy":"key" in the input of the job, ' +
    '--partitioned-by key for weir run. Else copy them into a topic of one partition, or one whose records are keyed by ip.'
  );
}
