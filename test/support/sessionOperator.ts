/**
 * Session windows in their plainest form: a second operator beside the windows of hits, to see that fold and state leave room for it
 * (docs/architecture.md, the batch protocol). Keyed by host.
 */
import { latest, type Instant } from '../../src/domain/instant.js';
import type { Accepted, Closed, Gathering, OpenState, Operator } from '../../src/domain/operator.js';
import type { Hit, HitRow } from '../../src/pipelines/hits/counts.js';

type Segment = [host: string | null, first: Instant, last: Instant, hits: number, firstOffset: number];

export interface SessionsJson {
  segments: Segment[];
  /** Records that may touch a session that became final inside the batch, with the watermark that they met. */
  suspects: [met: Instant, segment: Segment][];
}

export function sessionOperator(gapMs: number): Operator<Hit, SessionsJson, HitRow> {
  return {
    isLate: (time, watermark) => time + gapMs <= watermark,
    nextPossibleEnd: () => null,
    gather: () => new Segments(gapMs),
    open: () => new OpenSessions(gapMs),
  };
}

class Segments implements Gathering<Hit, SessionsJson> {
  readonly sizeBytes = 0;
  readonly #suspects: SessionsJson['suspects'] = [];
  readonly #sessions: OpenSessions;

  constructor(gapMs: number) {
    this.#sessions = new OpenSessions(gapMs);
  }

  take({ time, offset, item, watermark }: Accepted<Hit>): void {
    const segment: Segment = [item.host, time, time, 1, offset];
    if (watermark !== null && time <= watermark) this.#suspects.push([watermark, segment]);
    else this.#sessions.join(segment);
  }

  partial(): SessionsJson {
    return { segments: this.#sessions.snapshot().segments, suspects: this.#suspects };
  }
}

class OpenSessions implements OpenState<SessionsJson, HitRow> {
  readonly #gapMs: number;
  #open: Segment[] = [];
  #ready: HitRow[] = [];

  constructor(gapMs: number) {
    this.#gapMs = gapMs;
  }

  join([host, first, last, hits, firstOffset]: Segment): void {
    const joined: Segment = [host, first, last, hits, firstOffset];
    this.#open = this.#open.filter((other) => {
      const touches =
        other[0] === host && other[1] - this.#gapMs <= joined[2] && joined[1] <= other[2] + this.#gapMs;
      if (!touches) return true;
      joined[1] = Math.min(joined[1], other[1]);
      joined[2] = Math.max(joined[2], other[2]);
      joined[3] += other[3];
      joined[4] = Math.min(joined[4], other[4]);
      return false;
    });
    this.#open.push(joined);
  }

  merge({ segments, suspects }: SessionsJson): void {
    for (const segment of segments) this.join(segment);
    for (const [met, segment] of suspects) {
      this.#ready = this.close(met).rows;
      this.join(segment);
    }
  }

  close(watermark: Instant): Closed<HitRow> {
    const rows = this.#ready;
    this.#ready = [];
    this.#open = this.#open.filter(([host, first, last, hits]) => {
      const end = last + this.#gapMs;
      if (end <= watermark) rows.push([first, end, host, null, hits]);
      return end > watermark;
    });
    return { rows, duplicates: 0 };
  }

  nextEnd(): Instant | null {
    const ends = this.#open.map(([, , last]) => last + this.#gapMs);
    return ends.length === 0 ? null : Math.min(...ends);
  }

  lastEnd(): Instant | null {
    return this.#open.map(([, , last]) => last + this.#gapMs).reduce<Instant | null>(latest, null);
  }

  rebuildFrom(): number | null {
    const offsets = this.#open.map(([, , , , firstOffset]) => firstOffset);
    return offsets.length === 0 ? null : Math.min(...offsets);
  }

  snapshot(): SessionsJson {
    return { segments: this.#open, suspects: [] };
  }
}
