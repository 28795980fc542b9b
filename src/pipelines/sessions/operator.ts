/** Sessions of visitors: what a poll gathers, and what a partition holds open. */
import type { Instant } from '../../domain/instant.js';
import type { Accepted, Closed, Gathering, OpenState, Operator } from '../../domain/operator.js';
import { OpenSessions } from '../../domain/openSessions.js';
import { SessionsByKey, type Session, type SessionPart } from '../../domain/sessions.js';
import type { Agent, UserAgent } from './agent.js';
import {
  fromColumns,
  keyOfAgent,
  toColumns,
  type SessionAttributes,
  type SessionColumns,
} from './columns.js';
import type { Visit } from './event.js';

/**
 * What a poll brings. A record later than the watermark that it met can only touch sessions that are still open, so those are merged into
 * segments. One at or before it may touch a session that became final inside this very batch: a suspect, which travels alone with the
 * watermark that it met, so that what was final of its key then is closed before it is merged (docs/semantics.md, sessions).
 */
export interface SessionsJson<A = Agent> {
  segments: SessionColumns<A>;
  suspects: SessionColumns<A>;
  /** The watermark that each suspect met, less that of the one before; the first less 0. */
  met: number[];
}

/** A final session of one partition. */
export type SessionRow = SessionPart<SessionAttributes>;

export function sessionsOperator(
  gapMs: number,
): Operator<Visit, SessionsJson, SessionRow, SessionsJson<UserAgent>> {
  return {
    isLate: (time, watermark) => time + gapMs <= watermark,
    nextPossibleEnd: () => null, // ends form no grid
    gather: () => new Segments(gapMs),
    open: () => new OpenVisits(gapMs),
  };
}

/** Final sessions on their way to the sink. */
export interface PackedSessions {
  gapMs: number;
  sessions: SessionColumns;
}

export function packSessions(rows: readonly SessionRow[], gapMs: number): PackedSessions {
  return { gapMs, sessions: toColumns(rows, keyOfAgent) };
}

type RawAttributes = { agent: UserAgent; host: string | null };

/** About what a segment takes as JSON, apart from its key: times, count, offset, indexes. */
const SEGMENT_BYTES = 32;
/** About what a user agent takes once it has been read. */
const AGENT_BYTES = 60;
const NON_ASCII = /\P{ASCII}/u;

class Segments implements Gathering<Visit, SessionsJson<UserAgent>> {
  sizeBytes = 0;
  readonly #segments: SessionsByKey<RawAttributes>;
  readonly #suspects: SessionPart<RawAttributes>[] = [];
  readonly #met: number[] = [];
  readonly #texts = new Set<string>();
  #metBefore = 0;

  constructor(gapMs: number) {
    this.#segments = new SessionsByKey(gapMs);
  }

  take({ time, offset, item, watermark }: Accepted<Visit>): void {
    const { userAgent: agent, host } = item.attributes;
    const part = { key: item.key, first: time, last: time, count: 1, offset, attributes: { agent, host } };
    let added = true;
    if (watermark !== null && time <= watermark) {
      this.#suspects.push(part);
      this.#met.push(watermark - this.#metBefore);
      this.#metBefore = watermark;
    } else {
      const before = this.#segments.size;
      const segment = this.#segments.join(part);
      if (segment.attributes !== part.attributes) return;
      added = this.#segments.size > before; // else it is the earliest of one that was there: its texts take the place of others
    }
    if (added) this.sizeBytes += SEGMENT_BYTES + bytesOf(item.key);
    this.sizeBytes += this.#newText(host) + this.#newAgent(agent);
  }

  partial(): SessionsJson<UserAgent> {
    return {
      segments: toColumns(this.#segments, keyOfRaw),
      suspects: toColumns(this.#suspects, keyOfRaw),
      met: this.#met,
    };
  }

  #newAgent(agent: UserAgent): number {
    if (agent === null) return 0;
    const bytes = this.#newText(keyOfRaw(agent));
    if (bytes === 0) return 0;
    return typeof agent === 'string' ? AGENT_BYTES : AGENT_BYTES + bytes;
  }

  /** Bytes of a text that this batch has not met before: in JSON each stands about once. */
  #newText(text: string | null): number {
    if (text === null || this.#texts.has(text)) return 0;
    this.#texts.add(text);
    return bytesOf(text);
  }
}

function bytesOf(text: string): number {
  return NON_ASCII.test(text) ? 3 * text.length : text.length;
}

/** Raw texts hold no U+0000: no two user agents have the same key. */
function keyOfRaw(agent: UserAgent): string | null {
  return typeof agent === 'object' && agent !== null
    ? `\0${JSON.stringify([agent.browser, agent.os, agent.device])}`
    : agent;
}

class OpenVisits implements OpenState<SessionsJson, SessionRow> {
  readonly #open: OpenSessions<SessionAttributes>;
  /** Closed while merging, for a suspect that came behind them. */
  readonly #closed: Session<SessionAttributes>[] = [];

  constructor(gapMs: number) {
    this.#open = new OpenSessions(gapMs);
  }

  merge({ segments, suspects, met }: SessionsJson): void {
    for (const segment of fromColumns(segments)) this.#open.join(segment);
    let watermark = 0;
    let i = 0;
    for (const suspect of fromColumns(suspects)) {
      watermark += met[i++]!;
      // Keys have nothing to do with each other: the others are closed in the end.
      this.#open.closeKey(suspect.key, watermark, this.#closed);
      this.#open.join(suspect);
    }
  }

  close(watermark: Instant): Closed<SessionRow> {
    this.#open.close(watermark, this.#closed);
    return { rows: this.#closed.splice(0), duplicates: 0 };
  }

  nextEnd(): Instant | null {
    return this.#open.nextEnd();
  }

  lastEnd(): Instant | null {
    return this.#open.lastEnd();
  }

  rebuildFrom(): number | null {
    return this.#open.firstOffset();
  }

  snapshot(): SessionsJson {
    return { segments: toColumns(this.#open, keyOfAgent), suspects: toColumns([], keyOfAgent), met: [] };
  }
}
