import type { Instant } from '../../domain/instant.js';
import { jobLine } from '../../domain/line.js';
import type { Partition } from './partition.js';
import type { Shown } from './shown.js';

/** Rows of several partitions, added up. */
interface Totals<Row> {
  add(rows: readonly Row[]): void;
  /** Takes out what is final at `line`, in the order of output. */
  takeUntil(line: Instant): Iterable<Row>;
}

interface Options<Row> {
  totals: Totals<Row>;
  /** A row by the names of the table's columns. */
  toJson: (row: Row) => object;
  /** The smallest end after `line` that any row could have; null where ends form no grid. */
  nextEndAfter: (line: Instant) => Instant | null;
  partitions: () => Iterable<Partition>;
}

/** Rows that are added up over the partitions, and shown once the job's line has passed their end. */
export class ShownByLine<Row> implements Shown<Row> {
  readonly #options: Options<Row>;
  #line: Instant | null = null;
  /** The line shows nothing new before it has reached this; null: it may at any step. */
  #nextEnd: Instant | null = null;

  constructor(options: Options<Row>) {
    this.#options = options;
  }

  add(rows: Row[]): void {
    this.#options.totals.add(rows);
  }

  isDue(_partition: Partition, before: Instant | null): boolean {
    if (before !== this.#line) return false; // the line is another partition's
    this.#line = jobLine([...this.#options.partitions()].map(({ watermark }) => watermark));
    return this.#line !== null && (this.#nextEnd === null || this.#line >= this.#nextEnd);
  }

  *take(end?: Instant): Generator<object> {
    const { totals, toJson, nextEndAfter } = this.#options;
    if (end === undefined) this.#nextEnd = nextEndAfter(this.#line!);
    for (const row of totals.takeUntil(end ?? this.#line!)) yield toJson(row);
  }
}
