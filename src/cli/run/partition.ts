import { BatchFold } from '../../domain/fold.js';
import type { Counters } from '../../domain/accounting.js';
import { NO_PROGRESS } from '../../domain/commit.js';
import { latest, type Instant } from '../../domain/instant.js';
import { PartitionState } from '../../domain/partitionState.js';
import { decoders } from '../../pipelines/decoders.js';
import type { Job } from '../../pipelines/job.js';
import { operatorOf, type JobItem, type JobPartial, type JobRow } from '../../pipelines/operators.js';
import type { LogRecord } from './logRecord.js';

/** One partition of a job in this process: what polls, workflow and sink do between them, on the same rules. */
export class Partition {
  readonly #job: Job;
  readonly #state: PartitionState<JobPartial, JobRow>;
  #fold: BatchFold<JobItem, JobPartial>;
  #nextOffset = 0;

  constructor(job: Job) {
    this.#job = job;
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
    this.#fold.add({ offset: at, timestampMs }, decoders[this.#job.pipeline](value));
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
      partial: gathering.partial(),
      rejects: [],
    });
    this.#fold = this.#newBatch();
    return this.#commit();
  }

  /** End of input, between batches: closes everything up to `end`. */
  finish(end: Instant | null): JobRow[] {
    this.#state.finish(end);
    return this.#commit();
  }

  #newBatch(): BatchFold<JobItem, JobPartial> {
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
