/**
 * The quiet clock (docs/semantics.md): what moves a partition's watermark when no records do.
 *
 *     reading  --empty fetch-->  caught up  --idleAfter of empty fetches-->  quiet
 *        ^-------- records ----------'-------------- records ----------------'
 *
 * A quiet partition's watermark goes on at wall-clock speed from the moment it was caught up, and follows the job: what it saw of the
 * other partitions' watermarks it takes over once that is `idleAfter` old, if it was caught up all the time.
 */
import { latest, type Instant } from './instant.js';

/** The other partitions of the job, as `weir.progress` tells them. */
export interface JobClock {
  /** How many of them are not quiet. */
  awake: number;
  /** The smallest watermark of those that are not quiet; null where one of these has none. */
  smallestAwake: Instant | null;
  /** The largest watermark of all of them; null where none has one. */
  largest: Instant | null;
  /** The latest end of anything that one of them holds, or wrote: until this one has passed it, people do not see it. */
  endsUntil: Instant | null;
}

/** A partition that is caught up. Plain JSON: it is carried from poll to poll, and by continue-as-new. */
export interface CaughtUp {
  since: Instant;
  /** Up to when the wall clock was added to the watermark. */
  addedUntil: Instant;
  /** What was seen of the job, and when: taken over once it is `idleAfter` old. */
  seen: { at: Instant; watermark: Instant | null } | null;
}

export function caughtUpAt(at: Instant): CaughtUp {
  return { since: at, addedUntil: at, seen: null };
}

export function isQuiet(caughtUp: CaughtUp, at: Instant, idleAfterMs: number): boolean {
  return at - caughtUp.since >= idleAfterMs;
}

/** What a quiet partition follows: the smallest watermark of those that are not quiet; where all are, the largest. */
export function followed(job: JobClock): Instant | null {
  return job.awake > 0 ? job.smallestAwake : job.largest;
}

/** Whether {@link afterEmptyFetch} needs to know how the job stands now. */
export function wantsJobClock(caughtUp: CaughtUp, at: Instant, idleAfterMs: number): boolean {
  return caughtUp.seen === null || at - caughtUp.seen.at >= idleAfterMs;
}

export interface EmptyFetch {
  at: Instant;
  watermark: Instant | null;
  idleAfterMs: number;
  /** How the job stands; needed when {@link wantsJobClock} says so. */
  job: JobClock | null;
}

/** State and watermark after a fetch that returned nothing and ended at `at`. */
export function afterEmptyFetch(
  before: CaughtUp,
  fetch: EmptyFetch,
): { caughtUp: CaughtUp; watermark: Instant | null } {
  const { at, idleAfterMs, job } = fetch;
  const caughtUp = { ...before };
  let { watermark } = fetch;
  if (at > caughtUp.addedUntil && isQuiet(caughtUp, at, idleAfterMs)) {
    if (watermark !== null) watermark += at - caughtUp.addedUntil;
    caughtUp.addedUntil = at;
  }
  if (job !== null && wantsJobClock(caughtUp, at, idleAfterMs)) {
    if (caughtUp.seen !== null) watermark = latest(watermark, caughtUp.seen.watermark);
    caughtUp.seen = { at, watermark: followed(job) };
  }
  return { caughtUp, watermark };
}
