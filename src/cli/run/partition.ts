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
import { pollSideOf, type LookUps } from '../../pipelines/pollSide.js';
import { Folding } from './folding.js';
import type { LogRecord } from './logRecord.js';

/** One partition of a job in this process: what polls, workflow and sink do between them, on the same rules. */
export class Partition {
  readonly #state: PartitionState<JobPartial, JobRow>;
  readonly #folding: Folding<JobItem, JobGathered, JobPartial>;
  /** The earliest end of anything open in the batches that have ended. */
  #nextEnd = Infinity;

  constructor(job: Job, dependencies: LookUps) {
    this.#state = PartitionState.rebuilding(operatorOf(job), NO_PROGRESS);
    this.#folding = new Folding(job, pollSideOf(job, dependencies));
  }

  get watermark(): Instant | null {
    return this.#folding.watermark;
  }

  /** Of the batches that have ended. */
  get counters(): Counters {
    return this.#state.counters;
  }

  /** Where the end of input takes the watermark to, as far as this partition knows (docs/semantics.md, drain). */
  get lastEnd(): Instant | null {
    return latest(this.#state.watermark, this.#state.openUntil());
  }

  add(record: LogRecord): void {
    this.#folding.add(record);
  }

  /** Nothing here ends before this, where a record's own span is `spanMs` long. */
  endsFrom(spanMs: number): Instant {
    return Math.min(this.#nextEnd, this.#folding.earliest + spanMs);
  }

  /** Ends the batch, wherever it stands; returns what has become final in this partition. */
  endBatch(): JobRow[] {
    const batch = this.#folding.endBatch();
    if (batch === null) return [];
    this.#state.merge(batch);
    this.#nextEnd = this.#state.nextEnd() ?? Infinity;
    return this.#commit();
  }

  /** End of input, between batches: closes everything up to `end`. */
  finish(end: Instant | null): JobRow[] {
    this.#state.finish(end);
    return this.#commit();
  }

  #commit(): JobRow[] {
    const { rows } = this.#state.commit();
    this.#state.committed(0);
    return rows;
  }
}
