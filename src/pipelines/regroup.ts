/** What is regrouped by key, whatever the pipeline (docs/semantics.md, regrouping). */
import type { Instant } from '../domain/instant.js';
import type { MessageHead, SourceStanding } from '../domain/sources.js';

/** What a source makes of a batch. */
export interface Scattered<Content> {
  /** Parts of a message by target; a target without any gets a message all the same, for the watermark. */
  targets: Content[][];
  /** The latest end of what is in it; null where nothing is. */
  lastEnd: Instant | null;
}

/**
 * A message ends at about this many bytes of JSON; brokers take 1 MB, and most of it goes by compression. A message that is published again
 * has to have the parts that it had, whatever build publishes it. So a change of this, or of what estimates sizes (`SEGMENT_BYTES`,
 * `AGENT_BYTES`, `bytesOf` and `TextSizes` of sessions; `clickBytes` and its constant of clicks), needs all jobs that regroup to be drained
 * before, or a new epoch.
 */
export const PART_BYTES = 600_000;

/** What a target's poll makes of the messages of several sources. */
export interface Combiner<Content, Partial> {
  /** About how large {@link partial} is. */
  readonly sizeBytes: number;
  /** The target's watermark: the smallest of its sources'. */
  readonly watermark: Instant | null;
  /** Takes the message at `offset` of the target's log; one that was taken before is dropped. */
  take(head: MessageHead, offset: number, content: Content): void;
  /** Takes a message that holds nothing but its source's watermark. */
  hear(head: MessageHead): void;
  partial(): Partial;
}

/** What a partial of a target brings besides: what was taken from each source by then. */
export interface OfSources {
  sources: SourceStanding[];
}

/** FNV-1a over UTF-16 units: which target a key belongs to, for the whole life of an epoch. */
export function targetOf(key: string, targets: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % targets;
}
