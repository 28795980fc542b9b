import { addCounters, NO_RECORDS, type Counters } from '../../domain/accounting.js';
import { latest, type Instant } from '../../domain/instant.js';
import type { Job } from '../../pipelines/job.js';
import { clickRowJson, ClickTotals } from '../../pipelines/clicks/output.js';
import type { ClickRow } from '../../pipelines/clicks/operator.js';
import type { HitRow } from '../../pipelines/hits/counts.js';
import type { Place } from '../../io/geo/place.js';
import { hitRowJson, HitTotals } from '../../pipelines/hits/output.js';
import { operatorOf } from '../../pipelines/operators.js';
import type { LookUps } from '../../pipelines/pollSide.js';
import type { SessionRow } from '../../pipelines/sessions/columns.js';
import { ShownByLine } from './shownByLine.js';
import { ShownWhenClosed } from './shownWhenClosed.js';
import type { LogRecord } from './logRecord.js';
import { Partition } from './partition.js';
import type { Shown } from './shown.js';

export interface RunDependencies extends LookUps {
  /** Where a session's address is; null where that is not known, or location is off. */
  placeOf: (ip: string) => Place | null;
}

/** A job over a log that is given record by record, in this process. */
export interface FileRun {
  /** Takes the next record of the log; returns what has become final by it, in the order of output. To be used up before the next call. */
  take(record: LogRecord): Iterable<object>;
  /** Ends the batches that partitions gather. When that happens changes nothing in the results. */
  endBatches(): void;
  /** End of input (docs/semantics.md, drain): everything becomes final; returns what has not been returned before. */
  finish(): Iterable<object>;
  /** Of all partitions, up to the last record. */
  counters(): Counters;
}

/**
 * Partitions apart from each other. Rows come out as they do in Postgres: hits and clicks by the job's line, sessions
 * when their partition closes them (docs/semantics.md). The wall clock moves nothing.
 */
export class JobRun implements FileRun {
  readonly #job: Job;
  readonly #dependencies: RunDependencies;
  readonly #partitions = new Map<number, Partition>();
  readonly #shown: Shown<HitRow | SessionRow | ClickRow>;

  /** @param partitions all that hold the line back until they have a record, whether one comes or not */
  constructor(job: Job, partitions: Iterable<number>, dependencies: RunDependencies) {
    this.#job = job;
    this.#dependencies = dependencies;
    this.#shown = shownFor(job, {
      partitions: () => this.#partitions.values(),
      placeOf: dependencies.placeOf,
    });
    for (const partition of partitions) this.#partition(partition);
  }

  take(record: LogRecord): Iterable<object> {
    const partition = this.#partition(record.partition);
    const before = partition.watermark;
    partition.add(record);
    if (partition.watermark === before || !this.#shown.isDue(partition, before)) return [];
    this.endBatches();
    return this.#shown.take();
  }

  endBatches(): void {
    for (const partition of this.#partitions.values()) this.#shown.add(partition.endBatch());
  }

  finish(): Iterable<object> {
    this.endBatches();
    let end: Instant | null = null;
    for (const { lastEnd } of this.#partitions.values()) end = latest(end, lastEnd);
    for (const partition of this.#partitions.values()) this.#shown.add(partition.finish(end));
    return end === null ? [] : this.#shown.take(end);
  }

  counters(): Counters {
    this.endBatches();
    return [...this.#partitions.values()].map(({ counters }) => counters).reduce(addCounters, NO_RECORDS);
  }

  #partition(number: number): Partition {
    let partition = this.#partitions.get(number);
    if (partition === undefined) {
      this.#partitions.set(number, (partition = new Partition(this.#job, this.#dependencies)));
    }
    return partition;
  }
}

function shownFor(
  job: Job,
  { partitions, placeOf }: { partitions: () => Iterable<Partition> } & Pick<RunDependencies, 'placeOf'>,
): Shown<HitRow | SessionRow | ClickRow> {
  const nextEndAfter = (line: Instant): Instant | null => operatorOf(job).nextPossibleEnd(line);
  switch (job.pipeline) {
    case 'hits':
      return new ShownByLine({ totals: new HitTotals(), toJson: hitRowJson, nextEndAfter, partitions });
    case 'clicks':
      return new ShownByLine({
        totals: new ClickTotals(job),
        toJson: (row: ClickRow) => clickRowJson(row, job),
        nextEndAfter,
        partitions,
      });
    case 'sessions':
      return new ShownWhenClosed(job, placeOf);
  }
}
