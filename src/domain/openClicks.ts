/**
 * The clicks of one partition: held until the watermark passes them, then taken in their order into the facts of their buckets. What it
 * keeps grows with the clicks of the last `delay` (held), the event keys of the last `dedupeWithin`, and the users of the buckets that are
 * not final, which reach back `size + gap`.
 */
import { ClickBucket } from './clickBucket.js';
import { ClickSequence } from './clickSequence.js';
import {
  bucketOf,
  finalAt,
  firstNotFinal,
  inOrder,
  type Click,
  type ClickFacts,
  type ClickRules,
} from './clicks.js';
import type { Instant } from './instant.js';

/** Final facts of one bucket, URL and country. */
export interface FinalClicks {
  start: Instant;
  url: string | null;
  country: string | null;
  facts: ClickFacts;
}

export class OpenClicks {
  readonly sequence: ClickSequence;
  /** Buckets that are not final, by their start: also those of which all clicks are still held. */
  readonly buckets = new Map<Instant, ClickBucket>();
  /**
   * The smallest offset of any click by its bucket's start, for the buckets that are not final and those less than `dedupeWithin` before:
   * a copy there decides whether a click in a bucket that is not final is a duplicate.
   */
  readonly firstOffsets = new Map<Instant, number>();
  readonly #rules: ClickRules;
  #held: Click[] = [];
  #earliestHeld: Instant = Infinity;

  constructor(rules: ClickRules) {
    this.#rules = rules;
    this.sequence = new ClickSequence(rules);
  }

  get held(): readonly Click[] {
    return this.#held;
  }

  /** Holds a click that is not late. */
  hold(click: Click): void {
    this.#held.push(click);
    if (click.time < this.#earliestHeld) this.#earliestHeld = click.time;
    const start = bucketOf(click.time, this.#rules);
    const first = this.firstOffsets.get(start);
    if (first === undefined || click.offset < first) this.firstOffsets.set(start, click.offset);
    this.bucket(start);
  }

  bucket(start: Instant): ClickBucket {
    let bucket = this.buckets.get(start);
    if (bucket === undefined) this.buckets.set(start, (bucket = new ClickBucket()));
    return bucket;
  }

  /** Takes the clicks up to `watermark`, and takes out the facts that are final by then; says how many of the clicks were duplicates. */
  close(watermark: Instant): { final: FinalClicks[]; duplicates: number } {
    let duplicates = 0;
    for (const click of this.#passed(watermark)) {
      if (this.sequence.isDuplicate(click)) duplicates++;
      else
        this.sequence.count(
          click,
          this.bucket(bucketOf(click.time, this.#rules)).facts(click.url, click.country),
        );
    }
    this.sequence.forget(watermark);
    const final: FinalClicks[] = [];
    for (const [start, bucket] of this.buckets) {
      if (finalAt(start, this.#rules) > watermark) continue;
      this.buckets.delete(start);
      for (const facts of bucket) final.push({ start, ...facts });
    }
    const needed = bucketOf(firstNotFinal(watermark, this.#rules) - this.#rules.dedupeWithinMs, this.#rules);
    for (const start of this.firstOffsets.keys()) if (start < needed) this.firstOffsets.delete(start);
    return { final, duplicates };
  }

  /** When the first of the buckets is final; null where there is none. */
  nextEnd(): Instant | null {
    return this.buckets.size === 0 ? null : finalAt(Math.min(...this.buckets.keys()), this.#rules);
  }

  /** When the last of the buckets is final; null where there is none. */
  lastEnd(): Instant | null {
    return this.buckets.size === 0 ? null : finalAt(Math.max(...this.buckets.keys()), this.#rules);
  }

  /**
   * The smallest offset of all clicks that facts which are not final depend on, also by way of a copy; null where there is none. Read again
   * from there on, a click of a bucket that is final may count otherwise, and nobody is told.
   */
  firstOffset(): number | null {
    return this.firstOffsets.size === 0 ? null : Math.min(...this.firstOffsets.values());
  }

  /** Takes the held clicks up to `watermark` out, in order. */
  #passed(watermark: Instant): Click[] {
    if (this.#earliestHeld > watermark) return [];
    const passed: Click[] = [];
    const held: Click[] = [];
    this.#earliestHeld = Infinity;
    for (const click of this.#held) {
      if (click.time <= watermark) {
        passed.push(click);
        continue;
      }
      held.push(click);
      if (click.time < this.#earliestHeld) this.#earliestHeld = click.time;
    }
    this.#held = held;
    return passed.sort(inOrder);
  }
}
