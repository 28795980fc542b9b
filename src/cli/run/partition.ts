import { BatchFold } from '../../domain/fold.js';
import type { Counters } from '../../domain/accounting.js';
import { NO_PROGRESS } from '../../domain/commit.js';
import { latest, type Instant } from '../../domain/instant.js';
import { PartitionState } from '../../domain/partitionState.js';
import type { Job } from '../../pipelines/job.js';
import {
  operatorOf,
  type JobGathered,
  type JobItem,
  type JobPartial,
  type JobRow,
} from '../../pipelines/operators.js';
import { pollSideOf, type LookUps, type PollSide } from '../../pipelines/pollSide.js';
import type { LogRecord } from './logRecord.js';

/** One partition of a job in this process: what polls, workflow and sink do between them, on the same rules. */
export class Partition {
  readonly #job: Job;
  readonly #state: PartitionState<JobPartial, JobRow>;
  readonly #side: PollSide;
  #fold: BatchFold<JobItem, JobGathered>;
  #nextOffset = 0;
  /** The smallest event time in the batch. */
  #earliestTime = Infinity;
  /** The earliest end of anything open in the batches that have ended. */
  #nextEnd = Infinity;

  constructor(job: Job, dependencies: LookUps) {
    this.#job = job;
    this.#side = pollSideOf(job, dependencies);
    this.#state = PartitionState.rebuilding(operatorOf(job), NO_PROGRESS);
    this.#fold = this.#newBatch();
  }

  get watermark(): Instant | null {
    return this.#fold.watermark;
  }

  /** Of the batches that have ended. */
  get counters(): Counters {
    return this.#state.counters;
  }

  /** Where the end of input takes the watermark to, as far as this partition knows (docs/semantics.md, drain). */
  get lastEnd(): Instant | null {
    return latest(this.#state.watermark, this.#state.openUntil());
  }

  add({ offset, timestampMs, value }: LogRecord): void {
    const at = offset ?? this.#nextOffset;
    this.#nextOffset = at + 1;
    const decoded = this.#side.decode(value, timestampMs);
    const reason = this.#fold.add({ offset: at, timestampMs }, decoded);
    if (reason === null && decoded.reason === null && decoded.time < this.#earliestTime)
      this.#earliestTime = decoded.time;
  }

  /** Nothing here ends before this, where a record's own span is `spanMs` long. */
  endsFrom(spanMs: number): Instant {
    return Math.min(this.#nextEnd, this.#earliestTime + spanMs);
  }

  /** Ends the batch, wherever it stands; returns what has become final in this partition. */
  endBatch(): JobRow[] {
    const { counters, gathering, watermark } = this.#fold;
    if (counters.read === 0) return [];
    this.#state.merge({
      from: this.#state.offset,
      next: this.#nextOffset,
      advance: null,
      watermark,
      caughtUp: null,
      counters,
      partial: this.#side.complete(gathering.partial()),
      rejects: [],
    });
    this.#fold = this.#newBatch();
    this.#nextEnd = this.#state.nextEnd() ?? Infinity;
    this.#earliestTime = Infinity;
    return this.#commit();
  }

  /** End of input, between batches: closes everything up to `end`. */
  finish(end: Instant | null): JobRow[] {
    this.#state.finish(end);
    return this.#commit();
  }

  #newBatch(): BatchFold<JobItem, JobGathered> {
    const { delayMs, futureGuardMs } = this.#job;
    return new BatchFold({
      operator: operatorOf(this.#job),
      delayMs,
      futureGuardMs,
      watermark: this.#state.watermark,
    });
  }

  #commit(): JobRow[] {
    const { rows } = this.#state.commit();
    this.#state.committed(0);
    return rows;
  }
}
