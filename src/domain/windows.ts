/**
 * Tumbling and sliding windows: half-open intervals `[start, start + size)` whose starts are all the `offset + k * slide`, k any whole
 * number, negative ones too. Slide = size: tumbling, every instant is in one window. Slide < size: an instant is in several.
 * Slide > size leaves holes, whose instants are in none. A window is final when `end <= watermark`.
 *
 * Size 10, slide 5, offset 0: instant 12 is in [5, 15) and [10, 20).
 */
import type { Instant } from './instant.js';

export interface Windows {
  sizeMs: number;
  slideMs: number;
  offsetMs: number;
}

/** Start of the latest window that starts at or before `time`; with holes, `time` may be past its end. */
export function latestStart(time: Instant, { slideMs, offsetMs }: Windows): Instant {
  return Math.floor((time - offsetMs) / slideMs) * slideMs + offsetMs;
}

/** The smallest window end that is after `time`. */
export function nextEndAfter(time: Instant, windows: Windows): Instant {
  return latestStart(time - windows.sizeMs, windows) + windows.slideMs + windows.sizeMs;
}

/** Whether every window of `time` ended at or before `watermark`. An instant in a hole has no window and is never late. */
export function allClosed(time: Instant, watermark: Instant, windows: Windows): boolean {
  const end = latestStart(time, windows) + windows.sizeMs;
  return end > time && end <= watermark;
}
