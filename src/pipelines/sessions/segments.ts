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

/** Stands in a part until it is known whether its attributes are wanted at all: of most records they are not. */
const UNREAD: RawAttributes = { agent: null, host: null };

export class Segments implements Gathering<Visit, SessionsJson<UserAgent>> {
  sizeBytes = 0;
  readonly segments: SessionsByKey<RawAttributes>;
  readonly suspects: Suspect[] = [];
  /**
   * Times in parts are counted from this, epoch ms: small whole numbers stand in an object itself, larger ones each in a piece of memory of
   * their own.
   */
  base: Instant = 0;
  readonly #shared = new SharedAttributes();

  constructor(gapMs: number) {
    this.segments = new SessionsByKey(gapMs);
  }

  take({ time, offset, item, watermark }: Accepted<Visit>): void {
    if (this.segments.size === 0 && this.suspects.length === 0) this.base = time;
    const { key } = item;
    const at = time - this.base;
    const part = { key, first: at, last: at, count: 1, offset, attributes: UNREAD, source: 0, at: offset };
    if (watermark !== null && time <= watermark) {
      part.attributes = this.#attributesOf(item);
      this.suspects.push({ met: watermark, part });
      this.sizeBytes += SEGMENT_BYTES + bytesOf(key);
      return;
    }
    const before = this.segments.size;
    const segment = this.segments.join(part);
    // New, or with an earlier record than before.
    if (segment.attributes === UNREAD) segment.attributes = this.#attributesOf(item);
    if (this.segments.size > before) this.sizeBytes += SEGMENT_BYTES + bytesOf(key);
  }

  partial(): SessionsJson<UserAgent> {
    return sessionsJson(this.segments, this.suspects, this.base);
  }

  #attributesOf({ attributes: { userAgent, host } }: Visit): RawAttributes {
    const shared = this.#shared.of(userAgent, host);
    this.sizeBytes += this.#shared.newBytes;
    return shared;
  }
}

/** @param base what times of the parts are counted from */
export function sessionsJson(
  segments: Iterable<Part>,
  suspects: readonly Suspect[],
  base: Instant,
): SessionsJson<UserAgent> {
  const columnsOf = (parts: Iterable<Part>) => {
    const columns = toColumns(parts, keyOfRaw);
    return columns.keys.length === 0 ? columns : { ...columns, base: columns.base + base };
  };
  let before = 0;
  return {
    segments: columnsOf(segments),
    suspects: columnsOf(suspects.map(({ part }) => part)),
    met: suspects.map(({ met }) => {
      const more = met - before;
      before = met;
      return more;
    }),
  };
}

/** One object for all records of the same attributes: the text of each record's own user agent need not be kept. */
class SharedAttributes {
  /** What the last {@link of} added to the JSON: each text stands there about once. */
  newBytes = 0;
  readonly #sizes = new TextSizes();
  readonly #byHost = new Map<string | null, Map<string | null, RawAttributes>>();

  of(agent: UserAgent, host: string | null): RawAttributes {
    this.newBytes = 0;
    let byAgent = this.#byHost.get(host);
    if (byAgent === undefined) this.#byHost.set(host, (byAgent = new Map()));
    const key = keyOfRaw(agent);
    let attributes = byAgent.get(key);
    if (attributes === undefined) {
      byAgent.set(key, (attributes = { agent, host }));
      this.newBytes = this.#sizes.ofText(host) + this.#sizes.ofAgent(agent);
    }
    return attributes;
  }
}

// Parts of messages are cut by these sizes: see PART_BYTES (regroup.ts) before changing any of them.

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
