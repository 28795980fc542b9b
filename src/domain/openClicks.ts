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
   * The smallest offset of any click in the buckets that are final and end less than `dedupeWithin` before the first that is not, by their
   * start: a copy there decides whether a click in a bucket that is not final is a duplicate.
   */
  readonly past = new Map<Instant, number>();
  readonly #rules: ClickRules;
  #held: Click[] = [];
  #earliestHeld: Instant = Infinity;
  #near: ClickBucket | null = null;

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
    const bucket = this.#bucketAt(click.time);
    if (click.offset < bucket.firstOffset) bucket.firstOffset = click.offset;
  }

  bucket(start: Instant): ClickBucket {
    let bucket = this.buckets.get(start);
    if (bucket === undefined) this.buckets.set(start, (bucket = new ClickBucket(start)));
    return bucket;
  }

  /** Takes the clicks up to `watermark`, and takes out the facts that are final by then; says how many of the clicks were duplicates. */
  close(watermark: Instant): { final: FinalClicks[]; duplicates: number } {
    let duplicates = 0;
    for (const click of this.#passed(watermark)) {
      if (this.sequence.isDuplicate(click)) duplicates++;
      else this.sequence.count(click, this.#bucketAt(click.time).facts(click.url, click.country));
    }
    this.sequence.forget(watermark);
    const final: FinalClicks[] = [];
    for (const [start, bucket] of this.buckets) {
      if (finalAt(start, this.#rules) > watermark) continue;
      this.buckets.delete(start);
      this.past.set(start, bucket.firstOffset);
      for (const facts of bucket) final.push({ start, ...facts });
    }
    this.#near = null;
    const needed = bucketOf(firstNotFinal(watermark, this.#rules) - this.#rules.dedupeWithinMs, this.#rules);
    for (const start of this.past.keys()) if (start < needed) this.past.delete(start);
    return { final, duplicates };
  }

  /** When the first of the buckets is final; null where there is none. */
  nextEnd(): Instant | null {
    let first = Infinity;
    for (const start of this.buckets.keys()) if (start < first) first = start;
    return first === Infinity ? null : finalAt(first, this.#rules);
  }

  /** When the last of the buckets is final; null where there is none. */
  lastEnd(): Instant | null {
    let last = -Infinity;
    for (const start of this.buckets.keys()) if (start > last) last = start;
    return last === -Infinity ? null : finalAt(last, this.#rules);
  }

  /**
   * The smallest offset of all clicks that facts which are not final depend on, also by way of a copy; null where there is none. Read again
   * from there on, a click of a bucket that is final may count otherwise, and nobody is told.
   */
  firstOffset(): number | null {
    let first = Infinity;
    for (const { firstOffset } of this.buckets.values()) if (firstOffset < first) first = firstOffset;
    for (const firstOffset of this.past.values()) if (firstOffset < first) first = firstOffset;
    return first === Infinity ? null : first;
  }

  /** Clicks come together that are near each other: nearly always in the same bucket as the one before. */
  #bucketAt(time: Instant): ClickBucket {
    const near = this.#near;
    if (near !== null && time >= near.start && time < near.start + this.#rules.sizeMs) return near;
    return (this.#near = this.bucket(bucketOf(time, this.#rules)));
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
