/**
 * What a target of the regrouping has taken from each source partition (docs/semantics.md, regrouping). Messages of a source are numbered and
 * may have parts. One that comes again, from a publisher that died in the middle or woke up late, is dropped; a source's watermark counts
 * with the last part. Messages say which offsets they are about, and these follow each other: so one that is missing is noticed.
 */
import { latest, type Instant } from './instant.js';

/**
 * The last message taken from a source, the part of it, the source's watermark, and the source's offset up to which everything was taken;
 * number 0 and part -1: none yet. Without an offset nothing is missed: a rebuild begins in the middle, and may meet what came twice.
 */
export type SourceStanding = [
  source: number,
  number: number,
  part: number,
  watermark: Instant | null,
  offset?: number | null,
  /** Of a source that appears later, until it has a watermark: the target's, which its first message has stopped. */
  stopped?: Instant,
];

export interface MessageHead {
  source: number;
  number: number;
  /** From 0 on. */
  part: number;
  parts: number;
  /** Offsets of the source that it is about, all parts together: [from, to). The next message begins at `to`. */
  from: number;
  to: number;
  /** The source's, behind this message. */
  watermark: Instant | null;
}

/** A message that does not follow the last one of its source: what was in between is lost, or it is of another life of the job. */
export class MissingMessages extends Error {
  constructor({ source, number, part, parts, from, to }: MessageHead, last: SourceStanding | 'hello') {
    const after =
      last === 'hello'
        ? 'the first message of a source that appears later was to come, before others went on'
        : `after message ${last[1]} (part ${last[2]}), offset ${last[4]} was to come`;
    super(
      `messages of source ${source} do not follow each other: ${after}; ` +
        `found message ${number} (part ${part} of ${parts}), offsets ${from} to ${to}`,
    );
    this.name = 'MissingMessages';
  }
}

export class Sources {
  readonly #standings: Map<number, SourceStanding>;
  #watermark: Instant | null;

  constructor(standings: readonly SourceStanding[]) {
    this.#standings = new Map(standings.map((standing) => [standing[0], [...standing]]));
    this.#watermark = this.#smallest();
  }

  /**
   * Takes note of a message; false where it was taken before.
   * @throws {MissingMessages}
   */
  take(head: MessageHead): boolean {
    const { source, number, part, parts, from, to, watermark } = head;
    const known = this.#standings.get(source);
    // One that appears later says hello.
    if (known === undefined && number !== 1) throw new MissingMessages(head, 'hello');
    const last: SourceStanding = known ?? [source, 0, -1, null, from];
    const [, lastNumber, lastPart, before, offset = null] = last;
    const stopped = known === undefined ? this.#stands() : known[5];
    if (number > 1 && stopped !== undefined && !joins(head, stopped))
      throw new MissingMessages(head, 'hello');
    const isNew = number > lastNumber || (number === lastNumber && part > lastPart);
    if (offset !== null && !follows(head, last, offset)) throw new MissingMessages(head, known ?? 'hello');
    // Published again where records are gone (`onDataLoss`), it may have fewer parts, and end with one that was taken.
    const ends = part === parts - 1 && (isNew || (number === lastNumber && from === offset));
    if (!isNew && !ends) return false;
    const now = ends && watermark !== null ? watermark : before;
    const taken = ends && offset !== null ? to : offset;
    const standing: SourceStanding = [source, number, isNew ? part : lastPart, now, taken];
    if (now === null && stopped !== undefined) standing.push(stopped);
    this.#standings.set(source, standing);
    // Only the source that held it back moves it on.
    if (now !== before && (before === null || this.#watermark === null || before <= this.#watermark))
      this.#watermark = latest(this.#watermark, this.#smallest());
    return isNew;
  }

  /**
   * The smallest watermark of the sources, of those that are known by then; null as long as one of them has none. A source that appears
   * later does not take it back, so that it is a function of the messages, however batches are cut.
   */
  get watermark(): Instant | null {
    return this.#watermark;
  }

  /** The watermark, also where a source has stopped it before the messages of this batch. */
  #stands(): Instant | undefined {
    const before = [...this.#standings.values()].map(([, , , , , stopped]) => stopped ?? null);
    return before.reduce(latest, this.#watermark) ?? undefined;
  }

  #smallest(): Instant | null {
    let smallest: Instant | null = null;
    for (const [, , , watermark] of this.#standings.values()) {
      if (watermark === null) return null;
      if (smallest === null || watermark < smallest) smallest = watermark;
    }
    return smallest;
  }

  standings(): SourceStanding[] {
    return [...this.#standings.values()];
  }
}

/** Whether a message begins where everything before `offset` was taken, or holds nothing but that. */
function follows(
  { number, part, from, to }: MessageHead,
  [, lastNumber, lastPart]: SourceStanding,
  offset: number,
): boolean {
  if (number > lastNumber) return from === offset && part === 0;
  if (number < lastNumber) return to <= offset;
  return part > lastPart ? from === offset && part === lastPart + 1 : to <= offset || from === offset;
}

/**
 * Whether a source that appears later begins as one does whose first message has stopped the watermark: without records, and not before it.
 * Else that one came late, a copy of one that is lost.
 */
function joins({ from, to, watermark }: MessageHead, stopped: Instant): boolean {
  return from === to && watermark !== null && watermark >= stopped;
}

/**
 * What a source is about to publish, written down before it does: whoever takes over publishes exactly that again, so that what targets
 * have taken is what the source counts. `hello`: the source appeared later, and first says that it is there.
 */
export type Pending =
  | { hello: true }
  | {
      hello?: false;
      number: number;
      /** End of the batch; its beginning is the committed offset. */
      to: number;
      /** Watermark at the batch's beginning, and behind it. */
      from: Instant | null;
      watermark: Instant | null;
    };
