/** The open sessions of a partition, so that closing costs what is closed and not what is open. */
import type { Instant } from './instant.js';
import { SessionsByKey, type Session, type SessionPart } from './sessions.js';

/** Ends are looked for in slots of this share of the gap: a slot that the watermark stands in is searched at every close. */
const SLOTS_PER_GAP = 256;
/** The first offset is looked for again when this share of what is open has been closed: the look goes over everything. */
const CLOSED_BEFORE_LOOK = 1 / 16;

export class OpenSessions<Attributes> {
  readonly #gapMs: number;
  readonly #slotMs: number;
  readonly #sessions: SessionsByKey<Attributes>;
  /**
   * Sessions by the slot that their end was in when somebody last looked. An end only moves on: a session found in a slot before that of
   * its end is moved there then.
   */
  readonly #slots = new Map<number, Session<Attributes>[]>();
  #lastEnd: Instant | null = null;
  /** At or before every offset in it. */
  #firstOffset = Infinity;
  #closedSinceLook = 0;

  constructor(gapMs: number) {
    this.#gapMs = gapMs;
    this.#slotMs = Math.max(1, Math.floor(gapMs / SLOTS_PER_GAP));
    this.#sessions = new SessionsByKey(gapMs);
  }

  get size(): number {
    return this.#sessions.size;
  }

  join(part: SessionPart<Attributes>): void {
    const end = part.last + this.#gapMs;
    if (this.#lastEnd === null || end > this.#lastEnd) this.#lastEnd = end;
    if (part.offset < this.#firstOffset) this.#firstOffset = part.offset;
    const before = this.size;
    const session = this.#sessions.join(part);
    if (this.size > before) this.#put(session);
  }

  /** Takes out the sessions of one key whose end is at or before `watermark`, and adds them to `closed`. */
  closeKey(key: string, watermark: Instant, closed: Session<Attributes>[]): void {
    for (let session = this.#sessions.ofKey(key); session !== null; session = session.next) {
      if (session.last + this.#gapMs > watermark) continue;
      this.#take(session, closed);
    }
  }

  /** Takes out the sessions whose end is at or before `watermark`, and adds them to `closed`. */
  close(watermark: Instant, closed: Session<Attributes>[]): void {
    const now = this.#slot(watermark);
    for (const slot of [...this.#slots.keys()].filter((each) => each <= now)) {
      const sessions = this.#slots.get(slot)!;
      this.#slots.delete(slot);
      for (const session of sessions) {
        if (session.gone) continue;
        if (session.last + this.#gapMs > watermark) {
          this.#put(session);
        } else {
          this.#take(session, closed);
        }
      }
    }
    if (this.size === 0) this.#lastEnd = null;
  }

  /** The earliest end; null where nothing is open. */
  nextEnd(): Instant | null {
    while (this.size > 0) {
      let first = Infinity;
      for (const slot of this.#slots.keys()) if (slot < first) first = slot;
      let earliest = Infinity;
      const sessions = this.#slots.get(first)!;
      this.#slots.delete(first);
      for (const session of sessions) {
        if (session.gone) continue;
        const end = session.last + this.#gapMs;
        if (this.#put(session) === first && end < earliest) earliest = end;
      }
      if (earliest !== Infinity) return earliest;
    }
    return null;
  }

  /** The latest end; null where nothing is open. */
  lastEnd(): Instant | null {
    return this.#lastEnd;
  }

  /** The smallest offset of all records in it, or of some that were closed not long ago; null where nothing is open. */
  firstOffset(): number | null {
    if (this.#closedSinceLook > CLOSED_BEFORE_LOOK * this.size || this.size === 0) {
      this.#firstOffset = Infinity;
      for (const { offset } of this.#sessions) if (offset < this.#firstOffset) this.#firstOffset = offset;
      this.#closedSinceLook = 0;
    }
    return this.size === 0 ? null : this.#firstOffset;
  }

  [Symbol.iterator](): Generator<Session<Attributes>> {
    return this.#sessions[Symbol.iterator]();
  }

  #take(session: Session<Attributes>, closed: Session<Attributes>[]): void {
    this.#sessions.delete(session);
    this.#closedSinceLook++;
    closed.push(session);
  }

  #slot(end: Instant): number {
    return Math.floor(end / this.#slotMs);
  }

  #put(session: Session<Attributes>): number {
    const slot = this.#slot(session.last + this.#gapMs);
    const sessions = this.#slots.get(slot);
    if (sessions === undefined) this.#slots.set(slot, [session]);
    else sessions.push(session);
    return slot;
  }
}
