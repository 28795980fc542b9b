/**
 * The seam between the driver (fold.ts in the poll, partitionState.ts in the workflow) and what a pipeline does with time: windows,
 * sessions, click sequences. The driver knows when; an operator knows which records belong together and what comes of them.
 */
import type { Instant } from './instant.js';
import type { SourceStanding } from './sources.js';

/** [start, end) of a result; `end` is the watermark at which it is final. */
export interface Span {
  start: Instant;
  end: Instant;
}

/** A record that was accepted, as an operator takes it. */
export interface Accepted<Item> {
  time: Instant;
  offset: number;
  item: Item;
  /** The watermark as the record met it. */
  watermark: Instant | null;
}

/** What is gathered of one batch, record by record: the poll's side. */
export interface Gathering<Item, Partial> {
  take(record: Accepted<Item>): void;
  /** About how large {@link partial} is, in bytes: a batch ends by it. */
  readonly sizeBytes: number;
  /** Plain, compact JSON. */
  partial(): Partial;
}

/** What became final, and how many accepted records turned out to be duplicates on the way. */
export interface Closed<Row> {
  rows: Row[];
  duplicates: number;
}

/** What is open in one partition: the workflow's side. */
export interface OpenState<Partial, Row> {
  /** How much is open, for people: groups in windows, sessions, clicks that are held. */
  readonly size: number;
  merge(partial: Partial): void;
  /** Takes out everything whose end is at or before `watermark`. */
  close(watermark: Instant): Closed<Row>;
  /** The earliest end of anything open; null where nothing is. */
  nextEnd(): Instant | null;
  /** The latest end of anything open; null where nothing is. */
  lastEnd(): Instant | null;
  /** The smallest offset that anything open still depends on; null where nothing does. */
  rebuildFrom(watermark: Instant | null): number | null;
  /** Only behind a regrouping: what was taken from each source. */
  readonly sources?: {
    standings(): SourceStanding[];
    adopt(standings: readonly SourceStanding[]): void;
  };
  /** The whole state as a partial: merged into an empty state it gives this one again. */
  snapshot(): Partial;
}

/** `Gathered` is a partial as the poll gathers it, where something is still to be looked up before it is merged. */
export interface Operator<Item, Partial, Row, Gathered = Partial> {
  /** Whether the own span of a record at `time` ends at or before `watermark` (docs/semantics.md, late). */
  isLate(time: Instant, watermark: Instant): boolean;
  /** The smallest end after `watermark` that any result could have, whether there is one or not; null where ends form no grid. */
  nextPossibleEnd(watermark: Instant): Instant | null;
  /** From when to when a result is: at its end it becomes final. */
  spanOf(row: Row): Span;
  gather(): Gathering<Item, Gathered>;
  open(): OpenState<Partial, Row>;
}
