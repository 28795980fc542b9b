/** Final hits as people are shown them: added up over partitions, in a fixed order, by the names of the table's columns. */
import { compareTexts } from '../../domain/compareTexts.js';
import type { Instant } from '../../domain/instant.js';
import type { HitRow } from './counts.js';

type ByReferrer = Map<string | null, number>;

interface WindowTotals {
  end: Instant;
  byHost: Map<string | null, ByReferrer>;
}

/** What partitions have closed, added up, until the job's line (docs/semantics.md) says that no partition adds to it any more. */
export class HitTotals {
  readonly #windows = new Map<Instant, WindowTotals>();

  add(rows: readonly HitRow[]): void {
    for (const [start, end, host, referrer, hits] of rows) {
      let window = this.#windows.get(start);
      if (window === undefined) this.#windows.set(start, (window = { end, byHost: new Map() }));
      let byReferrer = window.byHost.get(host);
      if (byReferrer === undefined) window.byHost.set(host, (byReferrer = new Map()));
      byReferrer.set(referrer, (byReferrer.get(referrer) ?? 0) + hits);
    }
  }

  /** Takes out the rows whose end is at or before `line`: by end, start, host, referrer; null first, then by code point. */
  *takeUntil(line: Instant): Generator<HitRow> {
    // All windows are of one size: by end and start is by start.
    const starts = [...this.#windows.keys()].filter((start) => this.#windows.get(start)!.end <= line);
    for (const start of starts.sort((a, b) => a - b)) {
      const { end, byHost } = this.#windows.get(start)!;
      this.#windows.delete(start);
      for (const [host, byReferrer] of sorted(byHost)) {
        for (const [referrer, hits] of sorted(byReferrer)) yield [start, end, host, referrer, hits];
      }
    }
  }
}

/** A row as JSON: keys in the order of the table's columns, times in UTC with milliseconds. */
export function hitRowJson([start, end, host, referrer, hits]: HitRow) {
  return {
    window_start: new Date(start).toISOString(),
    window_end: new Date(end).toISOString(),
    host,
    referrer,
    num_hits: hits,
  };
}

function sorted<Value>(byName: Map<string | null, Value>): [string | null, Value][] {
  return [...byName].sort(([a], [b]) => compareTexts(a, b));
}
