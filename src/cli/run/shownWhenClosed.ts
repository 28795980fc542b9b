import { compareTexts } from '../../domain/compareTexts.js';
import type { Instant } from '../../domain/instant.js';
import type { Place } from '../../io/geo/place.js';
import { sessionId } from '../../io/postgres/sessionId.js';
import type { SessionsJob } from '../../pipelines/job.js';
import { partsOfKey } from '../../pipelines/sessions/key.js';
import type { SessionRow } from '../../pipelines/sessions/columns.js';
import type { Partition } from './partition.js';
import type { Shown } from './shown.js';

/** Sessions: each belongs to one partition, and is shown when that one closes it. */
export class ShownWhenClosed implements Shown<SessionRow> {
  readonly #gapMs: number;
  #closed: SessionRow[] = [];

  readonly #placeOf: (ip: string) => Place | null;

  constructor({ gapMs }: SessionsJob, placeOf: (ip: string) => Place | null) {
    this.#gapMs = gapMs;
    this.#placeOf = placeOf;
  }

  add(rows: SessionRow[]): void {
    this.#closed.push(...rows);
  }

  isDue(partition: Partition): boolean {
    return partition.endsFrom(this.#gapMs) <= partition.watermark!;
  }

  /** By end, start, user and address; null first, then by code point. */
  take(): object[] {
    const rows = this.#closed.map((row) => ({ ...row, ...partsOfKey(row.key) }));
    this.#closed = [];
    rows.sort(
      (a, b) =>
        a.last - b.last || a.first - b.first || compareTexts(a.userId, b.userId) || compareTexts(a.ip, b.ip),
    );
    return rows.map((row) => sessionJson(row, this.#gapMs, row.ip === null ? null : this.#placeOf(row.ip)));
  }
}

type Keyed = SessionRow & { userId: string | null; ip: string | null };

function sessionJson(
  { userId, ip, first, last, count, attributes }: Keyed,
  gapMs: number,
  place: Place | null,
) {
  const { agent, host } = attributes;
  return {
    session_id: sessionId(userId, ip, first),
    user_id: userId,
    ip,
    session_start: iso(first),
    session_end: iso(last),
    window_end: iso(last + gapMs),
    event_count: count,
    session_date: iso(first).slice(0, 10),
    country: place?.country ?? null,
    state: place?.state ?? null,
    city: place?.city ?? null,
    os: agent.os,
    browser: agent.browser,
    device: agent.device,
    is_logged_in: userId !== null,
    host,
    is_bot: agent.isBot,
  };
}

function iso(instant: Instant): string {
  return new Date(instant).toISOString();
}
