/**
 * What a target of the regrouping has taken from each source partition (docs/semantics.md, regrouping). Messages of a source are numbered and
 * may have parts. One that comes again, from a publisher that died in the middle or woke up late, is dropped; a source's watermark counts
 * with the last part.
 */
import { latest, type Instant } from './instant.js';

/** The last message taken from a source, the part of it, and the source's watermark; number 0 and part -1: none yet. */
export type SourceStanding = [source: number, number: number, part: number, watermark: Instant | null];

export interface MessageHead {
  source: number;
  number: number;
  /** From 0 on. */
  part: number;
  parts: number;
  /** The source's, behind this message. */
  watermark: Instant | null;
}

export class Sources {
  readonly #standings: Map<number, SourceStanding>;
  #watermark: Instant | null;

  constructor(standings: readonly SourceStanding[]) {
    this.#standings = new Map(standings.map((standing) => [standing[0], [...standing]]));
    this.#watermark = this.#smallest();
  }

  /** Takes note of a message; false where it was taken before. */
  take({ source, number, part, parts, watermark }: MessageHead): boolean {
    const last = this.#standings.get(source);
    if (last !== undefined && (number < last[1] || (number === last[1] && part <= last[2]))) return false;
    const before = last?.[3] ?? null;
    const now = part === parts - 1 && watermark !== null ? watermark : before;
    this.#standings.set(source, [source, number, part, now]);
    // Only the source that held it back moves it on.
    if (now !== before && (before === null || this.#watermark === null || before <= this.#watermark))
      this.#watermark = latest(this.#watermark, this.#smallest());
    return true;
  }

  /**
   * The smallest watermark of the sources, of those that are known by then; null as long as one of them has none. A source that appears
   * later does not take it back, so that it is a function of the messages, however batches are cut.
   */
  get watermark(): Instant | null {
    return this.#watermark;
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
