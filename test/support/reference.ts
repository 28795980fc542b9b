/** Windows and sessions record by record, in the plainest way; shares nothing with the operators, the fold or the state. */
import type { HitsJob } from '../../src/pipelines/job.js';

export interface ModelRecord {
  time: number;
  timestampMs: number | null;
  host: string | null;
  /** Set where the record cannot be read. */
  reason: string | null;
  /** Of a visit: who, from where, with what; absent is null. */
  user?: string | null;
  ip?: string | null;
  agent?: string | null;
}

export interface Expected {
  /** JSON of [start, end, host, null], or [start, end, user, ip, agent, host, smallest offset], to the number of records. */
  rows: Map<string, number>;
  /** Offset to reason. */
  rejected: Map<number, string>;
  counters: { read: number; accepted: number; late: number; rejected: number };
  /** Accepted records that touched a session which was final: only the watermark keeps them from being one of it. */
  behindFinal: number;
}

type Taken = ModelRecord & { offset: number };

/** What kind of span a record belongs to, and how results come of them. */
interface Spans {
  take(record: Taken, watermark: number): { late: boolean; behindFinal?: boolean };
  /** The watermark has moved. */
  close(watermark: number): void;
  readonly rows: Map<string, number>;
}

export type Advances = readonly (readonly [offset: number, watermark: number])[];

/** Hits per window. `advances`: the wall clock moved the watermark to `[1]` before the record at offset `[0]`. */
export function referenceHits(job: HitsJob, log: readonly ModelRecord[], advances: Advances): Expected {
  return reference(windowSpans(job), { job, log, advances });
}

/** The same for sessions with a gap of `sizeMs`, keyed by user and address; attributes are those of the earliest record. */
export function referenceSessions(job: HitsJob, log: readonly ModelRecord[], advances: Advances): Expected {
  return reference(sessionSpans(job.sizeMs), { job, log, advances });
}

function reference(
  spans: Spans,
  { job, log, advances }: { job: HitsJob; log: readonly ModelRecord[]; advances: Advances },
): Expected {
  const rejected = new Map<number, string>();
  const counters = { read: log.length, accepted: 0, late: 0, rejected: 0 };
  let watermark = -Infinity;
  let behind = 0;
  const move = (to: number): void => {
    watermark = Math.max(watermark, to);
    spans.close(watermark);
  };
  for (const [offset, record] of log.entries()) {
    const { time, timestampMs, reason } = record;
    for (const [at, to] of advances) if (at === offset) move(to);
    const future = timestampMs !== null && timestampMs !== -1 && time - timestampMs > job.futureGuardMs;
    if (reason !== null || future) {
      rejected.set(offset, reason ?? 'future');
      counters.rejected++;
      continue;
    }
    const { late, behindFinal = false } = spans.take({ ...record, offset }, watermark);
    if (behindFinal) behind++;
    if (late) {
      rejected.set(offset, 'late');
      counters.late++;
    } else {
      counters.accepted++;
    }
    move(time - job.delayMs);
  }
  spans.close(Infinity);
  return { rows: spans.rows, rejected, counters, behindFinal: behind };
}

function windowSpans(job: HitsJob): Spans {
  const rows = new Map<string, number>();
  return {
    rows,
    take({ time, host }, watermark) {
      const starts = startsAround(time, job);
      const open = starts.filter((start) => start + job.sizeMs > watermark);
      for (const start of open) {
        const group = JSON.stringify([start, start + job.sizeMs, host, null]);
        rows.set(group, (rows.get(group) ?? 0) + 1);
      }
      return { late: starts.length > 0 && open.length === 0 };
    },
    close() {},
  };
}

/**
 * Keeps every record of a key that is not in a final session, and looks for the sessions among them anew when the next record of the key
 * comes: until then nothing changes them.
 */
function sessionSpans(gapMs: number): Spans {
  const rows = new Map<string, number>();
  const pools = new Map<string, Taken[]>();
  const finals = new Map<string, { first: number; last: number }[]>();
  function close(key: string, watermark: number): void {
    const mine = pools.get(key)!.sort((a, b) => a.time - b.time || a.offset - b.offset);
    const open: Taken[] = [];
    while (mine.length > 0) {
      let length = 1;
      while (length < mine.length && mine[length]!.time - mine[length - 1]!.time <= gapMs) length++;
      const session = mine.splice(0, length);
      const last = session.at(-1)!.time;
      if (last + gapMs > watermark) {
        open.push(...session);
        continue;
      }
      const { time, user = null, ip = null, agent = null, host } = session[0]!;
      const offset = Math.min(...session.map((record) => record.offset));
      rows.set(JSON.stringify([time, last + gapMs, user, ip, agent, host, offset]), length);
      finals.get(key)!.push({ first: time, last });
    }
    pools.set(key, open);
  }
  return {
    rows,
    take(record, watermark) {
      const { time, user = null, ip = null } = record;
      const late = time + gapMs <= watermark;
      if (late) return { late };
      const key = JSON.stringify([user, ip]);
      if (!pools.has(key)) {
        pools.set(key, []);
        finals.set(key, []);
      }
      close(key, watermark);
      pools.get(key)!.push(record);
      const behindFinal = finals
        .get(key)!
        .some(({ first, last }) => first - gapMs <= time && time <= last + gapMs);
      return { late, behindFinal };
    },
    close(watermark) {
      if (watermark === Infinity) for (const key of pools.keys()) close(key, watermark);
    },
  };
}

/** Tries every instant that could begin a window with `time` in it. */
function startsAround(time: number, { sizeMs, slideMs, offsetMs }: HitsJob): number[] {
  const starts: number[] = [];
  for (let start = time - sizeMs + 1; start <= time; start++) {
    if ((start - offsetMs) % slideMs === 0) starts.push(start);
  }
  return starts;
}
