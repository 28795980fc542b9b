/** The sessions that are open in one target of a regrouping. */
import { latest, type Instant } from '../../domain/instant.js';
import type { Closed, OpenState } from '../../domain/operator.js';
import { OpenSessions } from '../../domain/openSessions.js';
import type { Session, SessionPart } from '../../domain/sessions.js';
import type { SourceStanding } from '../../domain/sources.js';
import { fromColumns, keyOfAgent, toColumns, type SessionAttributes, type SessionRow } from './columns.js';
import type { RegroupedJson } from './sessionsJson.js';

/** A record that may touch a session that is final by the watermark that it met at its source. */
interface Held {
  met: Instant;
  part: SessionPart<SessionAttributes>;
}

/**
 * Segments are merged as they arrive: their records are later than any watermark of theirs, and this target's is the smallest. A suspect
 * waits until that has reached the one that it met, so that what it finds final does not hang on the order in which sources were heard.
 */
export class OpenRegrouped implements OpenState<RegroupedJson, SessionRow> {
  readonly #gapMs: number;
  readonly #open: OpenSessions<SessionAttributes>;
  #held: Held[] = [];
  #sources: SourceStanding[] = [];

  constructor(gapMs: number) {
    this.#gapMs = gapMs;
    this.#open = new OpenSessions(gapMs);
  }

  readonly sources = {
    standings: (): SourceStanding[] => this.#sources,
    adopt: (standings: readonly SourceStanding[]): void => {
      this.#sources = [...standings];
    },
  };

  /** Suspects that are held count, too. */
  get size(): number {
    return this.#open.size + this.#held.length;
  }

  merge({ segments, suspects, met, sources }: RegroupedJson): void {
    for (const segment of fromColumns(segments)) this.#open.join(segment);
    let watermark = 0;
    let i = 0;
    for (const part of fromColumns(suspects)) {
      watermark += met[i++]!;
      this.#held.push({ met: watermark, part });
    }
    this.#sources = sources;
  }

  close(watermark: Instant): Closed<SessionRow> {
    const closed: Session<SessionAttributes>[] = [];
    const due = this.#held.filter(({ met }) => met <= watermark);
    if (due.length > 0) this.#held = this.#held.filter(({ met }) => met > watermark);
    due.sort((a, b) => a.met - b.met || a.part.source - b.part.source || a.part.at - b.part.at);
    for (const { met, part } of due) {
      // Keys have nothing to do with each other: the others are closed in the end.
      this.#open.closeKey(part.key, met, closed);
      this.#open.join(part);
    }
    this.#open.close(watermark, closed);
    return { rows: closed, duplicates: 0 };
  }

  nextEnd(): Instant | null {
    let first = this.#open.nextEnd() ?? Infinity;
    for (const { part } of this.#held) first = Math.min(first, part.last + this.#gapMs);
    return first === Infinity ? null : first;
  }

  lastEnd(): Instant | null {
    return this.#held.reduce((end, { part }) => latest(end, part.last + this.#gapMs), this.#open.lastEnd());
  }

  rebuildFrom(): number | null {
    let first = this.#open.firstOffset() ?? Infinity;
    for (const { part } of this.#held) if (part.offset < first) first = part.offset;
    return first === Infinity ? null : first;
  }

  snapshot(): RegroupedJson {
    let before = 0;
    return {
      segments: toColumns(this.#open, keyOfAgent),
      suspects: toColumns(
        this.#held.map(({ part }) => part),
        keyOfAgent,
      ),
      met: this.#held.map(({ met }) => {
        const more = met - before;
        before = met;
        return more;
      }),
      sources: this.#sources,
    };
  }
}
