import type { Counters } from '../../domain/accounting.js';
import type { Progress } from '../../domain/commit.js';

/** Columns of `weir.progress` as {@link progressOf} reads them; instants leave the database as epoch milliseconds. */
export const PROGRESS_COLUMNS = `number, "offset", weir.millis(watermark) as watermark, rebuild_from, advances,
  weir.millis(ends_until) as ends_until, pending, sources, rewrite, paused, read, accepted, duplicate, late, rejected, skipped`;

interface ProgressRow extends Counters {
  number: number;
  offset: number;
  watermark: number | null;
  rebuild_from: number;
  advances: Progress['advances'];
  ends_until: number | null;
  pending: Progress['pending'];
  sources: Progress['sources'];
  rewrite: Progress['rewrite'];
  paused: string | null;
}

export function progressOf(row: ProgressRow): Progress {
  const { number, offset, watermark, advances, read, accepted, duplicate, late, rejected, skipped } = row;
  return {
    number,
    offset,
    watermark,
    rebuildFrom: row.rebuild_from,
    advances,
    endsUntil: row.ends_until,
    pending: row.pending ?? null,
    sources: row.sources ?? null,
    rewrite: row.rewrite ?? null,
    paused: row.paused,
    counters: { read, accepted, duplicate, late, rejected, skipped },
  };
}
