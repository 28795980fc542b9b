import type { Job, RegroupingJob } from './job.js';

/**
 * Whether records of a topic with so many partitions have to be regrouped: a session needs all records of a visitor in one place, a click
 * sequence all clicks of a user (docs/semantics.md, regrouping).
 */
export function keysAreApart(job: Job, partitions: number): job is RegroupingJob {
  return job.pipeline !== 'hits' && partitions > 1 && job.partitionedBy !== 'key';
}

/**
 * Why a job that began on one partition, and so without a regrouping, cannot take a topic of so many, and what to do; null where it can.
 */
export function whyGrowthIsRefused(job: Job, partitions: number): string | null {
  if (!keysAreApart(job, partitions)) return null;
  const [key, records] =
    job.pipeline === 'sessions'
      ? ['visitor', 'records of a visitor (user_id, ip)']
      : ['user', 'clicks of a user'];
  return (
    `topic ${job.topic} has ${partitions} partitions, and had one when the job was first started: it does not regroup by ${key}. ` +
    `Drain it, and start a job of another name on the topic, which will; or one with "partitionedBy":"key", where all ${records} ` +
    'are in one partition.'
  );
}

const KEYS_WITHIN_MS = 600_000;

/** Where a job says that keys are together: within how much event time sessions are looked at, to see whether they are. */
export function keysLookedAt(job: Job): { keysWithinMs?: number } {
  if (job.pipeline !== 'sessions' || job.partitionedBy !== 'key') return {};
  return { keysWithinMs: Math.max(KEYS_WITHIN_MS, 4 * job.gapMs) };
}

/** Declared to be together, keys may not be: sessions are cut in pieces then, and only people can mend that. */
export function keyApartText(found: string): string {
  return (
    `The records of a visitor are not in one partition, as "partitionedBy":"key" says: ${found}. ` +
    'Start a job of another name without it.'
  );
}
