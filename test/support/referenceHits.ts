/** Hits record by record, in the plainest way; shares nothing with the operator, the fold or the state. */
import type { Job } from '../../src/pipelines/job.js';

export interface ModelRecord {
  time: number;
  timestampMs: number | null;
  host: string | null;
  /** Set where the record cannot be read. */
  reason: string | null;
}

export interface Expected {
  /** JSON of [start, end, host, referrer] to hits. */
  rows: Map<string, number>;
  /** Offset to reason. */
  rejected: Map<number, string>;
  counters: { read: number; accepted: number; late: number; rejected: number };
}

/** `advances`: the wall clock moved the watermark to `[1]` before the record at offset `[0]`. */
export function referenceHits(
  job: Job,
  log: readonly ModelRecord[],
  advances: readonly (readonly [number, number])[],
): Expected {
  const rows = new Map<string, number>();
  const rejected = new Map<number, string>();
  const counters = { read: log.length, accepted: 0, late: 0, rejected: 0 };
  let watermark = -Infinity;
  for (const [offset, { time, timestampMs, host, reason }] of log.entries()) {
    for (const [at, to] of advances) if (at === offset) watermark = Math.max(watermark, to);
    const future = timestampMs !== null && time - timestampMs > job.futureGuardMs;
    if (reason !== null || future) {
      rejected.set(offset, reason ?? 'future');
      counters.rejected++;
      continue;
    }
    const starts = startsAround(time, job);
    const open = starts.filter((start) => start + job.sizeMs > watermark);
    if (starts.length > 0 && open.length === 0) {
      rejected.set(offset, 'late');
      counters.late++;
    } else {
      counters.accepted++;
    }
    for (const start of open) {
      const group = JSON.stringify([start, start + job.sizeMs, host, null]);
      rows.set(group, (rows.get(group) ?? 0) + 1);
    }
    watermark = Math.max(watermark, time - job.delayMs);
  }
  return { rows, rejected, counters };
}

/** Tries every instant that could begin a window with `time` in it. */
function startsAround(time: number, { sizeMs, slideMs, offsetMs }: Job): number[] {
  const starts: number[] = [];
  for (let start = time - sizeMs + 1; start <= time; start++) {
    if ((start - offsetMs) % slideMs === 0) starts.push(start);
  }
  return starts;
}
