import { addCounters, NO_RECORDS, type Counters } from '../../domain/accounting.js';
import { latest, type Instant } from '../../domain/instant.js';
import { jobLine } from '../../domain/line.js';
import type { Operator } from '../../domain/operator.js';
import { HitTotals } from '../../pipelines/hits/output.js';
import type { Job } from '../../pipelines/job.js';
import { operatorOf, type JobRow } from '../../pipelines/operators.js';
import type { LogRecord } from './logRecord.js';
import { Partition } from './partition.js';

/**
 * A job over a log that is given record by record, in this process: the partitions, and the job's line over them (docs/semantics.md), which
 * decides when a row is shown. The wall clock moves nothing.
 */
export class JobRun {
  readonly #job: Job;
  readonly #operator: Operator<never, unknown, JobRow>;
  readonly #partitions = new Map<number, Partition>();
  readonly #totals = new HitTotals();
  #line: Instant | null = null;
  /** The line shows nothing new before it has reached this; null: it may at any step. */
  #nextEnd: Instant | null = null;

  /** @param partitions all that hold the line back until they have a record, whether one comes or not */
  constructor(job: Job, partitions: Iterable<number>) {
    this.#job = job;
    this.#operator = operatorOf(job);
    for (const partition of partitions) this.#partition(partition);
  }

  /** Takes the next record of the log; returns what has become final by it, in the order of output. To be used up before the next call. */
  take(record: LogRecord): Iterable<JobRow> {
    const partition = this.#partition(record.partition);
    const before = partition.watermark;
    partition.add(record);
    if (partition.watermark === before || before !== this.#line) return []; // the line is another partition's
    this.#line = jobLine(this.#watermarks());
    if (this.#line === null || (this.#nextEnd !== null && this.#line < this.#nextEnd)) return [];
    this.endBatches();
    this.#nextEnd = this.#operator.nextPossibleEnd(this.#line);
    return this.#totals.takeUntil(this.#line);
  }

  /** Ends the batches that partitions gather. When that happens changes nothing in the results. */
  endBatches(): void {
    for (const partition of this.#partitions.values()) this.#totals.add(partition.endBatch());
  }

  /** End of input (docs/semantics.md, drain): everything becomes final; returns what has not been returned before. */
  finish(): Iterable<JobRow> {
    this.endBatches();
    let end: Instant | null = null;
    for (const { lastEnd } of this.#partitions.values()) end = latest(end, lastEnd);
    for (const partition of this.#partitions.values()) this.#totals.add(partition.finish(end));
    return end === null ? [] : this.#totals.takeUntil(end);
  }

  /** Of all partitions, up to the last record. */
  counters(): Counters {
    this.endBatches();
    return [...this.#partitions.values()].map(({ counters }) => counters).reduce(addCounters, NO_RECORDS);
  }

  #partition(number: number): Partition {
    let partition = this.#partitions.get(number);
    if (partition === undefined) this.#partitions.set(number, (partition = new Partition(this.#job)));
    return partition;
  }

  *#watermarks(): Generator<Instant | null> {
    for (const { watermark } of this.#partitions.values()) yield watermark;
  }
}
