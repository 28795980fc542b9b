/**
 * What a run of sessions prints, computed the slow way: after every record the sessions of its partition are looked for anew among all
 * records that are not in a final one. It shares no code with src. From docs/semantics.md.
 */
import { createHash } from 'node:crypto';

/** Times in epoch milliseconds. */
export interface SessionsJobReference {
  gapMs: number;
  delayMs: number;
  flush: boolean;
}

export interface Visited {
  timeMs: number;
  user: string | null;
  ip: string | null;
  /** What the user agent says of itself. */
  agent: { os: string | null; browser: string | null; device: string | null; isBot: boolean };
  host: string | null;
}

export interface VisitRecord {
  partition: number;
  timestampMs: number | null;
  /** null: not readable. */
  visit: Visited | null;
}

type Pooled = Visited & { index: number };

interface Found {
  first: Pooled;
  last: number;
  count: number;
}

const FUTURE_GUARD_MS = 300_000;

/** The objects that the lines of a run with --trace hold. */
export function expectedSessions(job: SessionsJobReference, records: readonly VisitRecord[]): unknown[] {
  const watermarks = new Map<number, number>();
  const pools = new Map<number, Pooled[]>();
  const summary = { read: 0, accepted: 0, duplicate: 0, late: 0, rejected: 0 };
  const output: unknown[] = [];

  function emit(partitions: Iterable<number>, emittedAfter: number | null): void {
    const final: Found[] = [];
    for (const partition of partitions) {
      const watermark = emittedAfter === null ? Infinity : watermarks.get(partition)!;
      const pool = pools.get(partition) ?? [];
      const { closed, open } = split(pool, watermark, job.gapMs);
      pools.set(partition, open);
      final.push(...closed);
    }
    final.sort(inOrder);
    for (const session of final) output.push({ emitted_after: emittedAfter, row: rowOf(session, job.gapMs) });
  }

  for (const [index, { partition, timestampMs, visit }] of records.entries()) {
    summary.read++;
    if (visit === null || (timestampMs !== null && visit.timeMs - timestampMs > FUTURE_GUARD_MS)) {
      summary.rejected++;
      continue;
    }
    const watermark = watermarks.get(partition) ?? -Infinity;
    if (visit.timeMs + job.gapMs <= watermark) {
      summary.late++;
    } else {
      summary.accepted++;
      pools.set(partition, [...(pools.get(partition) ?? []), { ...visit, index }]);
    }
    watermarks.set(partition, Math.max(watermark, visit.timeMs - job.delayMs));
    emit([partition], index + 1);
  }
  if (job.flush) emit(pools.keys(), null);
  return [...output, { summary }];
}

function split(pool: Pooled[], watermark: number, gapMs: number): { closed: Found[]; open: Pooled[] } {
  const closed: Found[] = [];
  const open: Pooled[] = [];
  const keyOf = ({ user, ip }: Visited) => JSON.stringify([user, ip]);
  for (const key of new Set(pool.map(keyOf))) {
    let mine = pool
      .filter((visit) => keyOf(visit) === key)
      .sort((a, b) => a.timeMs - b.timeMs || a.index - b.index);
    while (mine.length > 0) {
      const next = mine.findIndex((visit, i) => i > 0 && visit.timeMs - mine[i - 1]!.timeMs > gapMs);
      const session = next === -1 ? mine : mine.slice(0, next);
      mine = mine.slice(session.length);
      const last = session.at(-1)!.timeMs;
      if (last + gapMs <= watermark) closed.push({ first: session[0]!, last, count: session.length });
      else open.push(...session);
    }
  }
  return { closed, open };
}

function rowOf({ first, last, count }: Found, gapMs: number) {
  const { user, ip, timeMs, agent, host } = first;
  const part = (text: string | null) => (text === null ? '-' : `=${Buffer.from(text).length}:${text}`);
  const iso = (ms: number) => new Date(ms).toISOString();
  return {
    session_id: createHash('sha256')
      .update(`${part(user)}${part(ip)}${timeMs}`)
      .digest('hex'),
    user_id: user,
    ip,
    session_start: iso(timeMs),
    session_end: iso(last),
    window_end: iso(last + gapMs),
    event_count: count,
    session_date: iso(timeMs).split('T')[0],
    country: null,
    state: null,
    city: null,
    os: agent.os,
    browser: agent.browser,
    device: agent.device,
    is_logged_in: user !== null,
    host,
    is_bot: agent.isBot,
  };
}

function inOrder(a: Found, b: Found): number {
  return (
    a.last - b.last ||
    a.first.timeMs - b.first.timeMs ||
    compare(a.first.user, b.first.user) ||
    compare(a.first.ip, b.first.ip)
  );
}

/** UTF-8 sorts by code point. */
function compare(a: string | null, b: string | null): number {
  if (a === b) return 0;
  if (a === null) return -1;
  return b === null ? 1 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}
