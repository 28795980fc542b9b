/**
 * What a run prints, computed the slow way: after every record every count is looked at. It shares no code with src, so that a mistake
 * there does not repeat itself here. From docs/semantics.md.
 */

/** Times in epoch milliseconds. */
export interface ReferenceJob {
  sizeMs: number;
  slideMs: number;
  offsetMs: number;
  delayMs: number;
  /** How many there are, whether they have records or not. */
  partitions: number;
  flush: boolean;
}

export interface ReferenceRecord {
  partition: number;
  timestampMs: number | null;
  /** null: not readable. */
  event: { timeMs: number; host: string | null; referrer: string | null } | null;
}

interface Count {
  start: number;
  end: number;
  host: string | null;
  referrer: string | null;
  hits: number;
}

const FUTURE_GUARD_MS = 300_000;

/** The objects that the lines of a run with --trace hold. */
export function expectedOutput(job: ReferenceJob, records: readonly ReferenceRecord[]): unknown[] {
  const watermarks: number[] = Array.from({ length: job.partitions }, () => -Infinity);
  const summary = { read: 0, accepted: 0, duplicate: 0, late: 0, rejected: 0 };
  let counts: Count[] = [];
  const output: unknown[] = [];

  function emit(line: number, emittedAfter: number | null): void {
    const final = counts.filter(({ end }) => end <= line).sort(inOrder);
    counts = counts.filter(({ end }) => end > line);
    for (const { start, end, host, referrer, hits } of final) {
      const times = { window_start: new Date(start).toISOString(), window_end: new Date(end).toISOString() };
      output.push({ emitted_after: emittedAfter, row: { ...times, host, referrer, num_hits: hits } });
    }
  }

  function take({ partition, timestampMs, event }: ReferenceRecord): void {
    const watermark = watermarks[partition]!;
    if (event === null || (timestampMs !== null && event.timeMs - timestampMs > FUTURE_GUARD_MS)) {
      summary.rejected++;
      return;
    }
    const { timeMs, host, referrer } = event;
    const windows = windowsOf(timeMs, job);
    const open = windows.filter(({ end }) => end > watermark);
    if (windows.length > 0 && open.length === 0) summary.late++;
    else summary.accepted++;
    for (const { start, end } of open) {
      const count = counts.find(
        (each) => each.start === start && each.host === host && each.referrer === referrer,
      );
      if (count) count.hits++;
      else counts.push({ start, end, host, referrer, hits: 1 });
    }
    watermarks[partition] = Math.max(watermark, timeMs - job.delayMs);
  }

  for (const record of records) {
    summary.read++;
    take(record);
    emit(Math.min(...watermarks), summary.read);
  }
  if (job.flush) emit(Infinity, null);
  return [...output, { summary }];
}

/** Found by trying every whole number of slides that could do. */
function windowsOf(
  timeMs: number,
  { sizeMs, slideMs, offsetMs }: ReferenceJob,
): { start: number; end: number }[] {
  const windows: { start: number; end: number }[] = [];
  const far = Math.ceil((Math.abs(timeMs) + Math.abs(offsetMs) + sizeMs) / slideMs) + 1;
  for (let k = -far; k <= far; k++) {
    const start = offsetMs + k * slideMs;
    if (start <= timeMs && timeMs < start + sizeMs) windows.push({ start, end: start + sizeMs });
  }
  return windows;
}

function inOrder(a: Count, b: Count): number {
  return a.end - b.end || a.start - b.start || compare(a.host, b.host) || compare(a.referrer, b.referrer);
}

/** UTF-8 sorts by code point. */
function compare(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null) return -1;
  return b === null ? 1 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}
