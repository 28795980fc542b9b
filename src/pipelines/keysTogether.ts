import type { Job } from './job.js';

/**
 * Why a job cannot take a topic of so many partitions, and what to do; null where it can. A session needs all records of a visitor in one
 * partition, a click sequence all clicks of a user (docs/semantics.md, keys together).
 */
export function whyKeysAreApart(job: Job, partitions: number): string | null {
  if (job.pipeline === 'hits' || partitions <= 1 || job.partitionedBy === 'key') return null;
  const { what, keyed, copied } = NEEDS[job.pipeline];
  return (
    `topic ${job.topic} has ${partitions} partitions, and ${what} in one of them. ` +
    `Where records are keyed by ${keyed}, declare it: "partitionedBy":"key" in the input of the job, ` +
    `--partitioned-by key for weir run. Else copy them into a topic of one partition, or one whose records are keyed by ${copied}.`
  );
}

const NEEDS = {
  sessions: {
    what: 'a session needs all records of its visitor (user_id, ip)',
    keyed: 'visitor, or by ip alone',
    copied: 'ip',
  },
  clicks: {
    what: 'time spent needs all clicks of a user, and copies of an event have to meet,',
    keyed: 'user',
    copied: 'user',
  },
};
