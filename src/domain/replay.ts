/** How a replay begins: from when results are written again, from where the log is read again (docs/semantics.md, replay). */
import type { Advance, Progress } from './commit.js';
import { latest, type Instant } from './instant.js';
import type { Reach, Rewrite } from './rewrite.js';

/** What has to be known of the epoch that stops. */
export type Stopped = Pick<Progress, 'offset' | 'watermark' | 'rebuildFrom' | 'advances'> & {
  rewrite?: Rewrite | null | undefined;
};

/**
 * From when on results are written again, where `wanted` is asked for: not later than what is written by now, nor than what an earlier
 * replay has left unfinished; null where nothing is written.
 */
export function rewriteFrom(wanted: Instant, { watermark, rewrite }: Stopped): Instant | null {
  const written = latest(watermark, rewrite?.from ?? null);
  return written === null ? null : Math.min(wanted, written);
}

/** How far records may be apart and still decide about one result, and how far before its time an event may be stamped. */
export interface Reaches {
  lookBackMs: number;
  /** The gap of sessions; of clicks the larger of gap and `dedupeWithin`. */
  betweenMs: number;
  futureGuardMs: number;
}

/** Records stamped from this instant on are read again, so that all that ends after `from` is whole; `earliestStart` is of what is written of that. */
export function readAgainFrom(from: Instant, earliestStart: Instant | null, reaches: Reaches): Instant {
  const { lookBackMs, betweenMs, futureGuardMs } = reaches;
  const low = from - lookBackMs;
  return earliestStart === null ? low : Math.min(low, earliestStart - betweenMs - futureGuardMs);
}

/**
 * What the new epoch has to do, given how far the older ones have come. And the last advance of the watermark by a clock or a drain, where
 * no record has been read since: it holds for what comes behind it, whatever is read again before; less what a larger delay takes off.
 */
export function rewriteOf(
  from: Instant | null,
  stopped: Stopped,
  older: { epochs: readonly (Reach & { longestMs: number })[]; delayGrewMs: number },
): { rewrite: Rewrite; advances: Advance[] } {
  const { epochs, delayGrewMs } = older;
  const untilOffset = Math.max(...epochs.map(({ offset }) => offset));
  const until = epochs.reduce<Instant | null>((max, { watermark }) => latest(max, watermark), null);
  const longestMs = Math.max(...epochs.map((each) => each.longestMs));
  const advances = stopped.advances
    .filter(([offset]) => offset === untilOffset)
    .map(([offset, watermark]): Advance => [offset, watermark - delayGrewMs]);
  return { rewrite: { from, until, untilOffset, longestMs }, advances };
}
