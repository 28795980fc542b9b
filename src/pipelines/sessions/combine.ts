/** Stage two's poll: messages of several sources, combined. */
import { Sources, type MessageHead, type SourceStanding } from '../../domain/sources.js';
import { SessionsByKey, type SessionPart } from '../../domain/sessions.js';
import type { Instant } from '../../domain/instant.js';
import type { Combiner } from '../regroup.js';
import { fromColumns, keyOfAgent, toColumns, type SessionAttributes } from './columns.js';
import { bytesOf, SEGMENT_BYTES, TextSizes } from './segments.js';
import type { RegroupedJson, SessionsJson } from './sessionsJson.js';

export class CombinedSessions implements Combiner<SessionsJson, RegroupedJson> {
  sizeBytes = 0;
  readonly #segments: SessionsByKey<SessionAttributes>;
  readonly #suspects: SessionPart<SessionAttributes>[] = [];
  readonly #met: number[] = [];
  readonly #sources: Sources;
  readonly #texts = new TextSizes();
  #metBefore = 0;

  constructor(gapMs: number, sources: readonly SourceStanding[]) {
    this.#segments = new SessionsByKey(gapMs);
    this.#sources = new Sources(sources);
  }

  /** Takes the message at `offset` of the target's log; one that was taken before is dropped. */
  take(head: MessageHead, offset: number, content: SessionsJson): void {
    if (!this.#sources.take(head)) return;
    const { source } = head;
    for (const segment of fromColumns(content.segments)) {
      const before = this.#segments.size;
      this.#segments.join({ ...segment, offset, source });
      if (this.#segments.size > before) this.#grow(segment.key);
      this.#growBy(segment.attributes);
    }
    let met = 0;
    let i = 0;
    for (const suspect of fromColumns(content.suspects)) {
      met += content.met[i++]!;
      this.#suspects.push({ ...suspect, offset, source });
      this.#met.push(met - this.#metBefore);
      this.#metBefore = met;
      this.#grow(suspect.key);
      this.#growBy(suspect.attributes);
    }
  }

  /** Takes a message that holds nothing but its source's watermark. */
  hear(head: MessageHead): void {
    this.#sources.take(head);
  }

  /** The target's watermark: the smallest of its sources'. */
  get watermark(): Instant | null {
    return this.#sources.watermark;
  }

  partial(): RegroupedJson {
    return {
      segments: toColumns(this.#segments, keyOfAgent),
      suspects: toColumns(this.#suspects, keyOfAgent),
      met: this.#met,
      sources: this.#sources.standings(),
    };
  }

  #grow(key: string): void {
    this.sizeBytes += SEGMENT_BYTES + 10 + bytesOf(key);
  }

  /** Hosts are whatever clients send. */
  #growBy({ agent, host }: SessionAttributes): void {
    this.sizeBytes += this.#texts.ofText(host) + this.#texts.ofAgent(agent);
  }
}
