/** The poll's side of sessions: records of a batch as segments and suspects. */
import type { Instant } from '../../domain/instant.js';
import type { Accepted, Gathering } from '../../domain/operator.js';
import { SessionsByKey, type SessionPart } from '../../domain/sessions.js';
import type { UserAgent } from './agent.js';
import { toColumns } from './columns.js';
import type { Visit } from './event.js';
import type { SessionsJson } from './sessionsJson.js';

type RawAttributes = { agent: UserAgent; host: string | null };
type Part = SessionPart<RawAttributes>;

/** A record that may touch a session that is final by the watermark that it met. */
interface Suspect {
  met: Instant;
  part: Part;
}

export class Segments implements Gathering<Visit, SessionsJson<UserAgent>> {
  sizeBytes = 0;
  readonly segments: SessionsByKey<RawAttributes>;
  readonly suspects: Suspect[] = [];
  readonly #texts = new TextSizes();

  constructor(gapMs: number) {
    this.segments = new SessionsByKey(gapMs);
  }

  take({ time, offset, item, watermark }: Accepted<Visit>): void {
    const { userAgent: agent, host } = item.attributes;
    const attributes = { agent, host };
    const { key } = item;
    const part = { key, first: time, last: time, count: 1, offset, attributes, source: 0, at: offset };
    let added = true;
    if (watermark !== null && time <= watermark) {
      this.suspects.push({ met: watermark, part });
    } else {
      const before = this.segments.size;
      const segment = this.segments.join(part);
      if (segment.attributes !== attributes) return;
      added = this.segments.size > before; // else it is the earliest of one that was there: its texts take the place of others
    }
    if (added) this.sizeBytes += SEGMENT_BYTES + bytesOf(key);
    this.sizeBytes += this.#texts.ofText(host) + this.#texts.ofAgent(agent);
  }

  partial(): SessionsJson<UserAgent> {
    return sessionsJson(this.segments, this.suspects);
  }
}

export function sessionsJson(
  segments: Iterable<Part>,
  suspects: readonly Suspect[],
): SessionsJson<UserAgent> {
  let before = 0;
  return {
    segments: toColumns(segments, keyOfRaw),
    suspects: toColumns(
      suspects.map(({ part }) => part),
      keyOfRaw,
    ),
    met: suspects.map(({ met }) => {
      const more = met - before;
      before = met;
      return more;
    }),
  };
}

/** About what a segment takes as JSON, apart from its key: times, count, offset, indexes. */
export const SEGMENT_BYTES = 32;
/** About what a user agent takes once it has been read. */
const AGENT_BYTES = 60;
const NON_ASCII = /\P{ASCII}/u;

/** Bytes of texts that this one has not met before: in JSON each stands about once. */
export class TextSizes {
  readonly #texts = new Set<string>();

  ofAgent(agent: UserAgent): number {
    if (agent === null) return 0;
    const bytes = this.ofText(keyOfRaw(agent));
    if (bytes === 0) return 0;
    return typeof agent === 'string' ? AGENT_BYTES : AGENT_BYTES + bytes;
  }

  ofText(text: string | null): number {
    if (text === null || this.#texts.has(text)) return 0;
    this.#texts.add(text);
    return bytesOf(text);
  }
}

export function bytesOf(text: string): number {
  return NON_ASCII.test(text) ? 3 * text.length : text.length;
}

/** Raw texts hold no U+0000: no two user agents have the same key. */
function keyOfRaw(agent: UserAgent): string | null {
  return typeof agent === 'object' && agent !== null
    ? `\0${JSON.stringify([agent.browser, agent.os, agent.device])}`
    : agent;
}
