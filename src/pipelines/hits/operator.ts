import type { Operator } from '../../domain/operator.js';
import { allClosed, nextEndAfter, type Windows } from '../../domain/windows.js';
import { HitCounts, type Hit, type HitCountsJson, type HitRow } from './counts.js';

/** Web traffic per window, host and referrer. */
export function hitsOperator(windows: Windows): Operator<Hit, HitCountsJson, HitRow> {
  return {
    isLate: (time, watermark) => allClosed(time, watermark, windows),
    nextPossibleEnd: (watermark) => nextEndAfter(watermark, windows),
    spanOf: ([start, end]) => ({ start, end }),
    gather: () => new HitCounts(windows),
    open: () => new HitCounts(windows),
  };
}
