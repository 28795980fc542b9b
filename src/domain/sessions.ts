/**
 * Session windows: records of one key belong together when they touch, inclusively. Two records exactly `gap` apart are one session,
 * `gap + 1 ms` are two. A session is `[first, last + gap)`, and final when `last + gap <= watermark`.
 *
 * Gap 10: records at 0, 10 and 21 are two sessions, [0, 20) and [21, 31); one at 11 joins them to [0, 31).
 */
import type { Instant } from './instant.js';

/** One session, or a part of one: records of a key, each of which touches another. */
export interface Session<Attributes> {
  readonly key: string;
  /** Times of the earliest and the latest record. */
  first: Instant;
  last: Instant;
  count: number;
  /** The smallest offset of the log that it was read from. */
  offset: number;
  /** Those of the earliest record; of several at the same time, of the first by (source, at). */
  attributes: Attributes;
  /** Partition and offset of that record in the topic. */
  source: number;
  at: number;
  /** Another open session of the same key. */
  next: Session<Attributes> | null;
  /** Set once it has become part of another one, or was taken out. */
  gone: boolean;
}

export type SessionPart<Attributes> = Omit<Session<Attributes>, 'next' | 'gone'>;

/** Sessions by key, merged as they touch. Memory and time go with the sessions that are in it. */
export class SessionsByKey<Attributes> {
  readonly #gapMs: number;
  /** A key has one session nearly always; several hang together by `next`. */
  readonly #heads = new Map<string, Session<Attributes>>();
  #size = 0;

  constructor(gapMs: number) {
    this.#gapMs = gapMs;
  }

  get size(): number {
    return this.#size;
  }

  /**
   * Takes records that hang together: into the sessions that they touch, which become one, or as a new session; returns the session that
   * they are in now. The order in which parts come makes no difference.
   */
  join(part: SessionPart<Attributes>): Session<Attributes> {
    const { key, first, last } = part;
    const head = this.#heads.get(key);
    let into: Session<Attributes> | null = null;
    let previous: Session<Attributes> | null = null;
    for (let session = head ?? null; session !== null; session = session.next) {
      // The part as it came: a session that touches what it was joined to, and not the part, would have been joined before.
      const touches = session.first - this.#gapMs <= last && first <= session.last + this.#gapMs;
      if (touches && into !== null) {
        absorb(into, session);
        session.gone = true;
        previous!.next = session.next; // `into` stands before it
        this.#size--;
        continue;
      }
      if (touches) {
        into = session;
        absorb(session, part);
      }
      previous = session;
    }
    if (into !== null) return into;
    // Not by a spread: this runs for every part.
    const { count, offset, attributes, source, at } = part;
    const next = head ?? null;
    const added = { key, first, last, count, offset, attributes, source, at, next, gone: false };
    this.#heads.set(key, added);
    this.#size++;
    return added;
  }

  /** The sessions of a key, by their `next`; null where it has none. */
  ofKey(key: string): Session<Attributes> | null {
    return this.#heads.get(key) ?? null;
  }

  delete(session: Session<Attributes>): void {
    const head = this.#heads.get(session.key)!;
    session.gone = true;
    this.#size--;
    if (head === session) {
      if (session.next === null) this.#heads.delete(session.key);
      else this.#heads.set(session.key, session.next);
      return;
    }
    let before = head;
    while (before.next !== session) before = before.next!;
    before.next = session.next;
  }

  /** All sessions, in no order that means anything. */
  *[Symbol.iterator](): Generator<Session<Attributes>> {
    for (const head of this.#heads.values()) {
      for (let session: Session<Attributes> | null = head; session !== null; session = session.next)
        yield session;
    }
  }
}

function absorb<A>(into: Session<A>, part: SessionPart<A>): void {
  if (isBefore(part, into)) {
    into.first = part.first;
    into.attributes = part.attributes;
    into.source = part.source;
    into.at = part.at;
  }
  if (part.last > into.last) into.last = part.last;
  if (part.offset < into.offset) into.offset = part.offset;
  into.count += part.count;
}

/** Whether the earliest record of `a` is before that of `b`. */
function isBefore(a: SessionPart<unknown>, b: SessionPart<unknown>): boolean {
  if (a.first !== b.first) return a.first < b.first;
  return a.source === b.source ? a.at < b.at : a.source < b.source;
}
