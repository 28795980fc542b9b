import type { Instant } from '../../domain/instant.js';
import { jobLine } from '../../domain/line.js';
import { nextEndAfter } from '../../domain/windows.js';
import type { HitRow } from '../../pipelines/hits/counts.js';
import { hitRowJson, HitTotals } from '../../pipelines/hits/output.js';
import type { HitsJob } from '../../pipelines/job.js';
import type { Partition } from './partition.js';
import type { Shown } from './shown.js';

/** Hits: added up over the partitions, and shown once the job's line has passed the window's end. */
export class ShownByLine implements Shown<HitRow> {
  readonly #job: HitsJob;
  readonly #partitions: () => Iterable<Partition>;
  readonly #totals = new HitTotals();
  #line: Instant | null = null;
  /** The line shows nothing new before it has reached this; null: it may at any step. */
  #nextEnd: Instant | null = null;

  constructor(job: HitsJob, partitions: () => Iterable<Partition>) {
    this.#job = job;
    this.#partitions = partitions;
  }

  add(rows: HitRow[]): void {
    this.#totals.add(rows);
  }

  isDue(_partition: Partition, before: Instant | null): boolean {
    if (before !== this.#line) return false; // the line is another partition's
    this.#line = jobLine([...this.#partitions()].map(({ watermark }) => watermark));
    return this.#line !== null && (this.#nextEnd === null || this.#line >= this.#nextEnd);
  }

  *take(end?: Instant): Generator<object> {
    if (end === undefined) this.#nextEnd = nextEndAfter(this.#line!, this.#job);
    for (const row of this.#totals.takeUntil(end ?? this.#line!)) yield hitRowJson(row);
  }
}
