/**
 * Hits per window, host and referrer. One structure for both sides: a poll counts records into it, the workflow merges such counts. As
 * JSON it is a list of windows over a dictionary of names, since the same hosts and referrers come up in every window.
 */
import type { Instant } from '../../domain/instant.js';
import type { Accepted, Closed, Gathering, OpenState } from '../../domain/operator.js';
import { latestStart, type Windows } from '../../domain/windows.js';

/** What a hit is counted under; null is a group of its own. */
export interface Hit {
  host: string | null;
  referrer: string | null;
}

/** A final count of one partition. */
export type HitRow = [
  start: Instant,
  end: Instant,
  host: string | null,
  referrer: string | null,
  hits: number,
];

/** `counts` holds triples: index of the host in `names`, index of the referrer, hits. */
export interface HitCountsJson {
  names: (string | null)[];
  windows: [start: Instant, firstOffset: number, counts: number[]][];
}

/** About what a count takes as JSON: two indexes and a number. */
const TRIPLE_BYTES = 12;
const NON_ASCII = /\P{ASCII}/u;

type ByReferrer = Map<string | null, number>;

interface OpenWindow {
  firstOffset: number;
  byHost: Map<string | null, ByReferrer>;
}

export class HitCounts implements Gathering<Hit, HitCountsJson>, OpenState<HitCountsJson, HitRow> {
  sizeBytes = 0;
  /** Groups in windows. */
  size = 0;
  readonly #windows: Windows;
  readonly #open = new Map<Instant, OpenWindow>();
  /** Names that {@link take} has met; never those that were merged, or a long-lived state would keep them for ever. */
  readonly #names = new Set<string>();

  constructor(windows: Windows) {
    this.#windows = windows;
  }

  take({ time, offset, item, watermark }: Accepted<Hit>): void {
    const { sizeMs, slideMs } = this.#windows;
    for (let start = latestStart(time, this.#windows); start + sizeMs > time; start -= slideMs) {
      if (watermark !== null && start + sizeMs <= watermark) continue;
      if (this.#add(this.#window(start, offset), item, 1))
        this.sizeBytes += TRIPLE_BYTES + this.#newNames(item);
    }
  }

  merge({ names, windows }: HitCountsJson): void {
    for (const [start, firstOffset, counts] of windows) {
      const window = this.#window(start, firstOffset);
      for (let i = 0; i < counts.length; i += 3) {
        this.#add(window, { host: names[counts[i]!]!, referrer: names[counts[i + 1]!]! }, counts[i + 2]!);
      }
    }
  }

  close(watermark: Instant): Closed<HitRow> {
    const rows: HitRow[] = [];
    for (const [start, { byHost }] of this.#open) {
      const end = start + this.#windows.sizeMs;
      if (end > watermark) continue;
      this.#open.delete(start);
      for (const [host, byReferrer] of byHost) {
        for (const [referrer, hits] of byReferrer) rows.push([start, end, host, referrer, hits]);
      }
    }
    this.size -= rows.length;
    return { rows, duplicates: 0 };
  }

  nextEnd(): Instant | null {
    let first: Instant | null = null;
    for (const start of this.#open.keys()) if (first === null || start < first) first = start;
    return first === null ? null : first + this.#windows.sizeMs;
  }

  lastEnd(): Instant | null {
    let last: Instant | null = null;
    for (const start of this.#open.keys()) if (last === null || start > last) last = start;
    return last === null ? null : last + this.#windows.sizeMs;
  }

  rebuildFrom(): number | null {
    let first: number | null = null;
    for (const { firstOffset } of this.#open.values())
      first = first === null ? firstOffset : Math.min(first, firstOffset);
    return first;
  }

  partial(): HitCountsJson {
    return this.snapshot();
  }

  snapshot(): HitCountsJson {
    const indexes = new Map<string | null, number>();
    const index = (name: string | null): number => {
      let i = indexes.get(name);
      if (i === undefined) indexes.set(name, (i = indexes.size));
      return i;
    };
    const windows = [...this.#open].map(
      ([start, { firstOffset, byHost }]): HitCountsJson['windows'][number] => {
        const counts: number[] = [];
        for (const [host, byReferrer] of byHost) {
          const hostIndex = index(host);
          for (const [referrer, hits] of byReferrer) counts.push(hostIndex, index(referrer), hits);
        }
        return [start, firstOffset, counts];
      },
    );
    return { names: [...indexes.keys()], windows };
  }

  #window(start: Instant, offset: number): OpenWindow {
    let window = this.#open.get(start);
    if (window === undefined) {
      this.#open.set(start, (window = { firstOffset: offset, byHost: new Map() }));
    } else if (offset < window.firstOffset) window.firstOffset = offset;
    return window;
  }

  /** True when this is the first hit of its group in the window. */
  #add({ byHost }: OpenWindow, { host, referrer }: Hit, hits: number): boolean {
    let byReferrer = byHost.get(host);
    if (byReferrer === undefined) {
      byHost.set(host, (byReferrer = new Map()));
    }
    const before = byReferrer.get(referrer);
    byReferrer.set(referrer, (before ?? 0) + hits);
    if (before !== undefined) return false;
    this.size++;
    return true;
  }

  /** Bytes of those names that this batch has not met before: in JSON each stands once. */
  #newNames({ host, referrer }: Hit): number {
    let bytes = 0;
    for (const name of [host, referrer]) {
      if (name === null || this.#names.has(name)) continue;
      this.#names.add(name);
      bytes += NON_ASCII.test(name) ? 3 * name.length : name.length;
    }
    return bytes;
  }
}
