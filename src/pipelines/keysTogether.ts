import type { Job } from './job.js';

/**
 * Whether records of a topic with so many partitions have to be regrouped: a session needs all records of a visitor in one place
 * (docs/semantics.md, regrouping).
 */
export function keysAreApart(job: Job, partitions: number): boolean {
  return job.pipeline === 'sessions' && partitions > 1 && job.partitionedBy !== 'key';
}

/**
 * Why a job that began on one partition, and so without a regrouping, cannot take a topic of so many, and what to do; null where it can.
 */
export function whyGrowthIsRefused(job: Job, partitions: number): string | null {
  if (!keysAreApart(job, partitions)) return null;
  return (
    `topic ${job.topic} has ${partitions} partitions, and had one when the job was first started: it does not regroup by visitor. ` +
    'Drain it, and start a job of another name on the topic, which will; or one with "partitionedBy":"key", where all records of a ' +
    'visitor (user_id, ip) are in one partition.'
  );
}
