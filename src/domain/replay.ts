/** How a replay begins: from when results are written again, from where the log is read again (docs/semantics.md, replay). */
import type { Advance, Progress } from './commit.js';
import { latest, type Instant } from './instant.js';
import type { Reach, Reread, Rewrite } from './rewrite.js';

/** What has to be known of the epoch that stops. */
export type Stopped = Pick<Progress, 'offset' | 'watermark' | 'rebuildFrom' | 'advances'> & {
  rewrite?: Rewrite | null | undefined;
};

/**
 * From when on results are written again, where `wanted` is asked for: not later than what is written by now, nor than what an earlier
 * replay has left unfinished; null where nothing is written.
 */
export function rewriteFrom(wanted: Instant, { watermark, rewrite }: Stopped): Instant | null {
  const { from = null, writeAfter = null } = rewrite ?? {};
  const written = latest(watermark, from === null ? null : Math.min(from, writeAfter!));
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
 * What the new epoch has to do, given how far the older ones have come, and where its watermark is moved on. Results up to `writeAfter` are
 * final from where the stopped epoch had reached it: what comes behind is late for them. And an advance of the watermark by a clock or a
 * drain holds where no record has been read since, whatever is read again before; less what a larger delay takes off.
 */
export function rewriteOf(
  from: Instant | null,
  stopped: Stopped,
  older: { epochs: readonly (Reach & { longestMs: number })[]; delayGrewMs: number; gapGrewMs: number },
): { rewrite: Rewrite; advances: Advance[] } {
  const { epochs, delayGrewMs, gapGrewMs } = older;
  const untilOffset = Math.max(...epochs.map(({ offset }) => offset));
  const until = epochs.reduce<Instant | null>((max, { watermark }) => latest(max, watermark), null);
  const longestMs = Math.max(...epochs.map((each) => each.longestMs));
  const writeAfter = from === null ? null : from + gapGrewMs;
  const advances = stopped.advances
    .filter(([offset]) => offset >= stopped.offset)
    .map(([offset, to]): Advance => [offset, latest(writeAfter, to - Math.max(0, delayGrewMs))!]);
  const isReached = from !== null && stopped.watermark !== null && stopped.watermark >= from;
  if (isReached && advances[0]?.[0] !== stopped.offset) advances.unshift([stopped.offset, writeAfter!]);
  return { rewrite: { from, writeAfter, until, untilOffset, longestMs }, advances };
}

/** The part of the log that is read next and was read by older epochs, up to where the watermark is moved on; null where it was not. */
export function rereadOf({
  rewrite,
  offset,
  advances,
}: Pick<Stopped, 'rewrite' | 'offset' | 'advances'>): Reread | null {
  if (!rewrite || offset >= rewrite.untilOffset) return null;
  const next = advances.find(([at]) => at > offset)?.[0] ?? rewrite.untilOffset;
  return { until: Math.min(next, rewrite.untilOffset), before: rewrite.writeAfter };
}
