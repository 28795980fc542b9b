/** Stage one of the regrouping: a batch's segments and suspects, apart by the target that their keys belong to. */
import type { Instant } from '../../domain/instant.js';
import type { Accepted, Gathering } from '../../domain/operator.js';
import type { SessionPart } from '../../domain/sessions.js';
import { PART_BYTES, targetOf, type Scattered } from '../regroup.js';
import type { UserAgent } from './agent.js';
import type { Visit } from './event.js';
import { bytesOf, SEGMENT_BYTES, Segments, sessionsJson, TextSizes } from './segments.js';
import type { SessionsJson } from './sessionsJson.js';

export class ScatteredSegments implements Gathering<Visit, Scattered<SessionsJson<UserAgent>>> {
  readonly #segments: Segments;
  readonly #gapMs: number;
  readonly #targets: number;
  readonly #partBytes: number;
  #latest: Instant | null = null;

  constructor(gapMs: number, targets: number, partBytes = PART_BYTES) {
    this.#segments = new Segments(gapMs);
    this.#gapMs = gapMs;
    this.#targets = targets;
    this.#partBytes = partBytes;
  }

  get sizeBytes(): number {
    return this.#segments.sizeBytes;
  }

  take(record: Accepted<Visit>): void {
    this.#segments.take(record);
    if (this.#latest === null || record.time > this.#latest) this.#latest = record.time;
  }

  /** The same records give the same parts: a message that is published again is the same message. */
  partial(): Scattered<SessionsJson<UserAgent>> {
    const { segments, suspects, base } = this.#segments;
    const most = this.#partBytes;
    const targets = Array.from({ length: this.#targets }, () => new Parts({ most, base }));
    for (const segment of segments) targets[targetOf(segment.key, this.#targets)]!.add(segment, null);
    for (const { met, part } of suspects) targets[targetOf(part.key, this.#targets)]!.add(part, met);
    return {
      targets: targets.map((target) => target.whole()),
      lastEnd: this.#latest === null ? null : this.#latest + this.#gapMs,
    };
  }
}

type Part = SessionPart<{ agent: UserAgent; host: string | null }>;

class Parts {
  readonly #most: number;
  /** What times of the parts are counted from. */
  readonly #base: Instant;
  readonly #whole: SessionsJson<UserAgent>[] = [];
  #segments: Part[] = [];
  #suspects: { met: Instant; part: Part }[] = [];
  #bytes = 0;
  #texts = new TextSizes();

  constructor({ most, base }: { most: number; base: Instant }) {
    this.#most = most;
    this.#base = base;
  }

  add(part: Part, met: Instant | null): void {
    const bytes = this.#sizeOf(part);
    if (this.#bytes > 0 && this.#bytes + bytes > this.#most) {
      this.#end();
      this.#bytes = this.#sizeOf(part);
    } else {
      this.#bytes += bytes;
    }
    // Read again, it is by the target, from its own log.
    const own = { ...part, offset: part.at };
    if (met === null) this.#segments.push(own);
    else this.#suspects.push({ met, part: own });
  }

  #sizeOf({ key, attributes: { agent, host } }: Part): number {
    return SEGMENT_BYTES + bytesOf(key) + this.#texts.ofText(host) + this.#texts.ofAgent(agent);
  }

  whole(): SessionsJson<UserAgent>[] {
    if (this.#bytes > 0) this.#end();
    return this.#whole;
  }

  #end(): void {
    this.#whole.push(sessionsJson(this.#segments, this.#suspects, this.#base));
    this.#segments = [];
    this.#suspects = [];
    this.#bytes = 0;
    this.#texts = new TextSizes();
  }
}
