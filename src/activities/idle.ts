/**
 * A poll that reads nothing: it stays inside while the quiet clock runs (docs/semantics.md), and returns when somebody waits for what
 * it would say.
 */
import { latest, type Instant } from '../domain/instant.js';
import type { Operator } from '../domain/operator.js';
import {
  afterEmptyFetch,
  caughtUpAt,
  isQuiet,
  wantsJobClock,
  type CaughtUp,
  type JobClock,
} from '../domain/quietClock.js';

interface IdleInput {
  idle: 'on' | 'off';
  idleAfterMs: number;
  watermark: Instant | null;
  caughtUp: CaughtUp | null;
  nextEnd: Instant | null;
  uncommitted: boolean;
  operator: Pick<Operator<never, unknown, unknown>, 'nextPossibleEnd'>;
}

/** How the other partitions stand is read at most this often. */
const JOB_CLOCK_EVERY_MS = 1000;

export class Idle {
  caughtUp: CaughtUp | null;
  /** The watermark as the wall clock and the job moved it; null where they did not. */
  advance: Instant | null = null;
  readonly #input: IdleInput;
  readonly #context: { readJobClock(now: Instant): Promise<JobClock> };
  readonly #nextPossibleEnd: Instant | null;
  #job: { at: Instant; clock: JobClock } | null = null;

  constructor(input: IdleInput, context: { readJobClock(now: Instant): Promise<JobClock> }) {
    this.#input = input;
    this.#context = context;
    this.caughtUp = input.caughtUp;
    this.#nextPossibleEnd = input.watermark === null ? null : input.operator.nextPossibleEnd(input.watermark);
  }

  /** How far `watermark` is from the next end, at which the run has something to commit; 0 or less once it has passed one. */
  untilEnd(watermark: Instant | null): number {
    if (watermark === null) return Infinity;
    if (this.#input.watermark === null) return 0;
    // Ends that form no grid are so many that a batch which ended with each would hold next to nothing.
    if (this.#nextPossibleEnd === null) return Infinity;
    return Math.min(this.#input.nextEnd ?? Infinity, this.#nextPossibleEnd) - watermark;
  }

  /** Takes note of a fetch that was sent at `at` and returned nothing; true when the poll should return. */
  async afterEmptyFetch(
    before: CaughtUp | null,
    { at, moved }: { at: Instant; moved: boolean },
  ): Promise<boolean> {
    const { idle, idleAfterMs, nextEnd, uncommitted } = this.#input;
    const watermark = latest(this.#input.watermark, this.advance);
    this.caughtUp = before ?? caughtUpAt(at);
    if (idle === 'on') {
      const job = wantsJobClock(this.caughtUp, at, idleAfterMs) ? await this.#jobClock(at) : null;
      const after = afterEmptyFetch(this.caughtUp, { at, watermark, idleAfterMs, job });
      this.caughtUp = after.caughtUp;
      if (after.watermark !== watermark) this.advance = after.watermark;
    }
    // What the run knows and the database does not is committed once nothing comes: people and other partitions look there.
    if (uncommitted || moved || this.#input.caughtUp === null) return true;
    if (this.advance === null) return false;
    if (this.#input.watermark === null || (nextEnd !== null && this.advance >= nextEnd)) return true;
    if (this.untilEnd(this.advance) > 0 || !isQuiet(this.caughtUp, at, idleAfterMs)) return false;
    // Others wait for this partition: they read, or they hold or wrote something that people see once it has passed its end.
    const { awake, endsUntil } = await this.#jobClock(at);
    return awake > 0 || (endsUntil !== null && endsUntil > this.#input.watermark);
  }

  async #jobClock(at: Instant): Promise<JobClock> {
    if (this.#job === null || at - this.#job.at >= JOB_CLOCK_EVERY_MS) {
      this.#job = { at, clock: await this.#context.readJobClock(at) };
    }
    return this.#job.clock;
  }
}
