/**
 * A replay, as one partition carries it out: the new epoch writes again every result that ends after some instant, and what the older
 * epochs have written goes as the watermark passes it (docs/semantics.md, replay).
 */
import { latest, type Instant } from './instant.js';

/** What a partition of the new epoch has to do. Fixed when the epoch begins; plain JSON, in `weir.progress`. */
export interface Rewrite {
  /** What older epochs have written that ends at or before it stays as it is; null: all is written again. */
  from: Instant | null;
  /** Results that end at or before it are not written: `from`, in terms of the gap as it is now. */
  writeAfter: Instant | null;
  /** The largest watermark of the older epochs: they have written nothing that ends after it; null: nothing at all. */
  until: Instant | null;
  /** Up to where the older epochs have read. */
  untilOffset: number;
  /** Nothing that they have written is longer, from start to end. */
  longestMs: number;
}

/** What a commit takes away of older epochs, of its partition. */
export interface Replaced {
  /** Results whose end is after the first and at or before the second instant, and that this commit does not write itself; null: of all. */
  ends: [after: Instant | null, until: Instant] | null;
  /** Rejected and late records from the first offset to before the second. */
  offsets: [from: number, to: number] | null;
  longestMs: number;
}

/** The part of the log that older epochs have read. */
export interface Reread {
  until: number;
  /** A record whose own span ends at or before it keeps their verdict, where that was `late`; null: none does. */
  before: Instant | null;
}

/** How far a partition is committed. */
export interface Reach {
  offset: number;
  watermark: Instant | null;
}

/** What the commit that goes on from `before` to `now` takes away; null where the replay is over, or there is none. */
export function replacedBy(rewrite: Rewrite | null, before: Reach, now: Reach): Replaced | null {
  if (rewrite === null || !isRewriting(rewrite, before)) return null;
  const { from, until, untilOffset, longestMs } = rewrite;
  const after = latest(from, before.watermark);
  const passed = now.watermark !== null && until !== null && (after === null || now.watermark > after);
  return {
    ends: passed && (after === null || after < until) ? [after, now.watermark!] : null,
    offsets: before.offset < untilOffset && now.offset > before.offset ? [before.offset, now.offset] : null,
    longestMs,
  };
}

/** Whether older epochs have results or verdicts beyond what is committed; without a replay they have not. */
export function isRewriting(rewrite: Rewrite | null | undefined, { offset, watermark }: Reach): boolean {
  if (!rewrite) return false;
  const { until, untilOffset } = rewrite;
  return offset < untilOffset || (until !== null && (watermark === null || watermark < until));
}
