/**
 * Clicks (docs/semantics.md, clicks): what one is, and the times that its bucket's facts depend on. Buckets are tumbling windows aligned to
 * the epoch, `[start, start + size)`. A click and its time spent count in the bucket of its time. Time spent ends with the user's next
 * click, which is at most `gap` later: so facts are final, and written once, when `start + size + gap <= watermark`.
 *
 * Size 10, gap 4: a click at 9 may be followed until 13, so bucket [0, 10) is final at 14.
 */
import type { Instant } from './instant.js';

export interface ClickRules {
  sizeMs: number;
  gapMs: number;
  /** 0: duplicates are not looked for. */
  dedupeWithinMs: number;
}

export interface Click {
  time: Instant;
  /** In the log that it was read from. */
  offset: number;
  /** Partition and offset in the topic. */
  source: number;
  at: number;
  /** Tells copies of one event: a hash of its key, or null where it has none. */
  key: string | null;
  user: string | null;
  url: string | null;
  country: string | null;
}

/** What is known of the clicks on one URL from one country in one bucket. */
export interface ClickFacts {
  clicks: number;
  /** Clicks that were followed by another one of the same user in time, */
  samples: number;
  /** and the time spent on all of these. */
  timeSpentMs: number;
  readonly users: Set<string>;
}

type Spans = Pick<ClickRules, 'sizeMs' | 'gapMs'>;

export function bucketOf(time: Instant, { sizeMs }: Pick<ClickRules, 'sizeMs'>): Instant {
  return Math.floor(time / sizeMs) * sizeMs;
}

/** When the facts of the bucket that starts at `start` are final. */
export function finalAt(start: Instant, { sizeMs, gapMs }: Spans): Instant {
  return start + sizeMs + gapMs;
}

/** Start of the first bucket that is not final at `watermark`. */
export function firstNotFinal(watermark: Instant, rules: Spans): Instant {
  return bucketOf(watermark - rules.gapMs, rules);
}

/** In the order in which clicks are taken: by time, partition and offset. */
export function inOrder(a: Click, b: Click): number {
  return a.time - b.time || a.source - b.source || a.at - b.at;
}
