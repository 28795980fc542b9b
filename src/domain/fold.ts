/**
 * The fold of a batch: each record in turn is judged by the watermark as it stood before it, taken or not, and moves the watermark.
 * Nothing but the record and the log before it decides, so that batch cuts never show in the results.
 */
import type { Counters } from './accounting.js';
import { NO_RECORDS } from './accounting.js';
import type { Instant } from './instant.js';
import type { Gathering, Operator } from './operator.js';

/** A record's value as a pipeline understood it, or why it could not (docs/semantics.md, reasons). */
export type Decoded<Item> = { reason: null; time: Instant; item: Item } | { reason: string };

export interface FoldOptions<Item, Gathered> {
  operator: Pick<Operator<Item, unknown, unknown, Gathered>, 'isLate' | 'gather'>;
  delayMs: number;
  /** How far ahead of its Kafka record's own timestamp an event may be. */
  futureGuardMs: number;
  watermark: Instant | null;
  /** A silent read (docs/semantics.md, claim): nothing is judged late, since it was judged when it was read first. */
  silent?: boolean;
}

export class BatchFold<Item, Gathered> {
  watermark: Instant | null;
  readonly counters: Counters = { ...NO_RECORDS };
  readonly gathering: Gathering<Item, Gathered>;
  readonly #options: FoldOptions<Item, Gathered>;

  constructor(options: FoldOptions<Item, Gathered>) {
    this.#options = options;
    this.watermark = options.watermark;
    this.gathering = options.operator.gather();
  }

  /**
   * Takes the next record of the log; `timestampMs` is Kafka's own, null or -1 where there is none (then there is no future guard).
   * Returns why the record was not accepted: a reason of rejection, `late`, or null when it was.
   */
  add(record: { offset: number; timestampMs: number | null }, decoded: Decoded<Item>): string | null {
    const { operator, delayMs, futureGuardMs, silent } = this.#options;
    const { counters, watermark } = this;
    counters.read++;
    if (decoded.reason !== null) {
      counters.rejected++;
      return decoded.reason;
    }
    const { time } = decoded;
    if (
      record.timestampMs !== null &&
      record.timestampMs !== -1 &&
      time > record.timestampMs + futureGuardMs
    ) {
      counters.rejected++;
      return 'future';
    }
    // A late record does not move the watermark: its own span ended at or before it, and it begins no later than that.
    if (!silent && watermark !== null && operator.isLate(time, watermark)) {
      counters.late++;
      return 'late';
    }
    counters.accepted++;
    this.gathering.take({ time, offset: record.offset, item: decoded.item, watermark });
    if (watermark === null || time - delayMs > watermark) this.watermark = time - delayMs;
    return null;
  }
}
