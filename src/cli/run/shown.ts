import type { Instant } from '../../domain/instant.js';
import type { Partition } from './partition.js';

/** When rows that partitions have closed are shown, and how. Each is shown once. */
export interface Shown<Row> {
  /** Takes rows that a partition has closed. */
  add(rows: Row[]): void;
  /** Whether something may be shown now that a record has moved the watermark of `partition` from `before` on. */
  isDue(partition: Partition, before: Instant | null): boolean;
  /** What is to be shown now, as JSON by the names of the table's columns; at the end of input everything up to `end`. */
  take(end?: Instant): Iterable<object>;
}
