import type { Job } from './job.js';

/**
 * Why a job cannot take a topic of so many partitions, and what to do; null where it can. A session needs all records of a visitor in one
 * partition, a click sequence all clicks of a user (docs/semantics.md, keys together).
 */
export function whyKeysAreApart(job: Job, partitions: number): string | null {
  if (job.pipeline === 'hits' || partitions <= 1 || job.partitionedBy === 'key') return null;
  switch (job.pipeline) {
    case 'sessions':
      return (
        `topic ${job.topic} has ${partitions} partitions, and a session needs all records of its visitor (user_id, ip) in one of them. ` +
        'Where records are keyed by visitor, or by ip alone, declare it: "partitionedBy":"key" in the input of the job, ' +
        '--partitioned-by key for weir run. Else copy them into a topic of one partition, or one whose records are keyed by ip.'
      );
    case 'clicks':
      return (
        `topic ${job.topic} has ${partitions} partitions, and time spent needs all clicks of a user, and copies have to meet, in one of them. ` +
        'Where records are keyed by user, declare it: "partitionedBy":"key" in the input of the job, --partitioned-by key for weir run. ' +
        'Else copy them into a topic of one partition, or one whose records are keyed by user.'
      );
  }
}
