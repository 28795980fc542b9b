import { addCounters, NO_RECORDS, type Counters } from '../../domain/accounting.js';
import { NO_PROGRESS } from '../../domain/commit.js';
import { latest, type Instant } from '../../domain/instant.js';
import { jobLine } from '../../domain/line.js';
import { PartitionState } from '../../domain/partitionState.js';
import type { RegroupingJob } from '../../pipelines/job.js';
import { stateOperatorOf, type JobItem, type JobPartial, type JobRow } from '../../pipelines/operators.js';
import { combinerOf, scatterSideOf, type Content } from '../../pipelines/pollSide.js';
import type { Scattered } from '../../pipelines/regroup.js';
import { Folding } from './folding.js';
import type { FileRun, RunDependencies } from './jobRun.js';
import type { LogRecord } from './logRecord.js';
import { ShownWhenClosed } from './shownWhenClosed.js';
import type { ClickRow } from '../../pipelines/clicks/operator.js';
import { ClickTotals, clickRowJson } from '../../pipelines/clicks/output.js';

interface Source {
  folding: Folding<JobItem, Scattered<Content>, Scattered<Content>>;
  /** Messages published so far. */
  number: number;
}

/**
 * Sessions or clicks over partitions that do not keep keys together, in this process: every partition is a source, and there is one target
 * (docs/semantics.md, regrouping).
 */
export class RegroupedRun implements FileRun {
  readonly #job: RegroupingJob;
  readonly #sources: Map<number, Source>;
  readonly #target: PartitionState<JobPartial, JobRow>;
  readonly #shown: Closed;
  #counters = NO_RECORDS;
  /** The smallest watermark of the sources. */
  #line: Instant | null = null;
  /** The earliest end of anything that the target holds. */
  #nextEnd = Infinity;
  /** The latest end of anything published. */
  #endsUntil: Instant | null = null;

  /** @param partitions all that hold the target back until they have a record, whether one comes or not */
  constructor(job: RegroupingJob, partitions: Iterable<number>, { placeOf, ...lookUps }: RunDependencies) {
    this.#job = job;
    this.#sources = new Map(
      [...partitions].map((source) => [
        source,
        { folding: new Folding(job, scatterSideOf(job, { targets: 1, source, ...lookUps })), number: 0 },
      ]),
    );
    this.#shown = closedOf(job, placeOf);
    this.#target = PartitionState.rebuilding<JobPartial, JobRow>(stateOperatorOf(job, 2), {
      ...NO_PROGRESS,
      sources: [...this.#sources.keys()].map((source) => [source, 0, -1, null]),
    });
  }

  take(record: LogRecord): Iterable<object> {
    const { folding } = this.#sources.get(record.partition)!;
    const before = folding.watermark;
    folding.add(record);
    if (folding.watermark === before || before !== this.#line) return []; // the line is another source's
    this.#line = jobLine(this.#foldings().map(({ watermark }) => watermark));
    if (this.#line === null || this.#endsFrom() > this.#line) return [];
    this.endBatches();
    return this.#shown.take();
  }

  endBatches(): void {
    const combined = combinerOf(this.#job, this.#target.sources!);
    const from = this.#target.offset;
    let next = from;
    for (const [source, each] of this.#sources) {
      const batch = each.folding.endBatch();
      if (batch === null) continue;
      this.#counters = addCounters(this.#counters, batch.counters);
      this.#endsUntil = latest(this.#endsUntil, batch.partial.lastEnd);
      const number = ++each.number;
      const parts = batch.partial.targets[0]!;
      const range = { from: batch.from, to: batch.next };
      const head = { source, number, ...range, parts: Math.max(1, parts.length), watermark: batch.watermark };
      if (parts.length === 0) combined.hear({ ...head, part: 0 });
      for (const [part, content] of parts.entries()) combined.take({ ...head, part }, next++, content);
    }
    this.#target.merge({
      from,
      next,
      advance: null,
      watermark: combined.watermark,
      caughtUp: null,
      counters: NO_RECORDS,
      partial: combined.partial(),
      rejects: [],
    });
    this.#nextEnd = this.#target.nextEnd() ?? Infinity;
    this.#closed();
  }

  finish(): Iterable<object> {
    this.endBatches();
    const watermarks = this.#foldings().map(({ watermark }) => watermark);
    const end = watermarks.reduce(latest, this.#endsUntil);
    this.#target.finish(end);
    this.#closed();
    return this.#shown.take();
  }

  counters(): Counters {
    this.endBatches();
    // Copies are found at the target: it counts them out of what the sources accepted.
    return addCounters(this.#counters, this.#target.counters);
  }

  #foldings(): Source['folding'][] {
    return [...this.#sources.values()].map(({ folding }) => folding);
  }

  /** Nothing ends before this: a session ends a gap behind its last record, a bucket later. */
  #endsFrom(): Instant {
    const gathered = this.#foldings().map(({ earliest }) => earliest + this.#job.gapMs);
    return Math.min(this.#nextEnd, ...gathered);
  }

  #closed(): void {
    const { rows } = this.#target.commit();
    this.#target.committed(0);
    this.#shown.add(rows);
  }
}

/** What the target has closed: there is one target, so it is final for the job. */
interface Closed {
  add(rows: JobRow[]): void;
  take(): Iterable<object>;
}

function closedOf(job: RegroupingJob, placeOf: RunDependencies['placeOf']): Closed {
  switch (job.pipeline) {
    case 'sessions':
      return new ShownWhenClosed(job, placeOf);
    case 'clicks': {
      const totals = new ClickTotals(job);
      return {
        add: (rows) => totals.add(rows as ClickRow[]),
        *take() {
          for (const row of totals.takeUntil(Infinity)) yield clickRowJson(row, job);
        },
      };
    }
  }
}
