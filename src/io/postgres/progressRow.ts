import type { Progress } from '../../domain/partitionState.js';

/** Columns of `weir.progress` as {@link progressOf} reads them; instants leave the database as epoch milliseconds. */
export const PROGRESS_COLUMNS = `number, "offset", weir.millis(watermark) as watermark, rebuild_from, advances,
  read, accepted, duplicate, late, rejected, skipped`;

interface ProgressRow {
  number: number;
  offset: number;
  watermark: number | null;
  rebuild_from: number;
  advances: Progress['advances'];
  read: number;
  accepted: number;
  duplicate: number;
  late: number;
  rejected: number;
  skipped: number;
}

export function progressOf(row: ProgressRow): Progress {
  const { number, offset, watermark, rebuild_from, advances, read, accepted, duplicate, late, rejected, skipped } = row;
  return { number, offset, watermark, rebuildFrom: rebuild_from, advances, counters: { read, accepted, duplicate, late, rejected, skipped } };
}
