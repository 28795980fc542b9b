import type { Instant } from './instant.js';

/** Rates are of so long a time. */
export const RATES_OVER_MS = 60_000;
/** What is added within it is one entry: so few are kept and carried from run to run, whatever the speed. */
const ENTRY_MS = 5000;

export interface Rates {
  /** Per second. */
  read: number;
  rows: number;
  /** When something was added last; null: nothing was. */
  until: Instant | null;
}

export interface CarriedRates {
  began: Instant;
  until: Instant | null;
  entries: { at: Instant; read: number; rows: number }[];
}

/** How fast a partition reads and writes: of the minute before the last that was added, or of the time since it began. */
export class RecentRates {
  readonly #began: Instant;
  #until: Instant | null = null;
  #entries: { at: Instant; read: number; rows: number }[] = [];

  constructor(began: Instant, carried?: CarriedRates) {
    this.#began = carried?.began ?? began;
    this.#until = carried?.until ?? null;
    this.#entries = [...(carried?.entries ?? [])];
  }

  carry(): CarriedRates {
    return { began: this.#began, until: this.#until, entries: this.#entries };
  }

  /** Times do not go back. */
  add(at: Instant, { read = 0, rows = 0 }: { read?: number; rows?: number }): void {
    this.#until = at;
    const last = this.#entries.at(-1);
    if (last !== undefined && at - last.at < ENTRY_MS) {
      this.#entries.splice(-1, 1, { at: last.at, read: last.read + read, rows: last.rows + rows });
    } else {
      this.#entries = this.#entries.filter((each) => each.at > at - RATES_OVER_MS);
      this.#entries.push({ at, read, rows });
    }
  }

  perSecond(): Rates {
    const until = this.#until;
    if (until === null) return { read: 0, rows: 0, until };
    const within = this.#entries.filter(({ at }) => at > until - RATES_OVER_MS);
    // Less than a second would make a rate of a single batch.
    const seconds = Math.min(RATES_OVER_MS, Math.max(1000, until - this.#began)) / 1000;
    const sum = (what: 'read' | 'rows'): number => within.reduce((total, each) => total + each[what], 0);
    return { read: sum('read') / seconds, rows: sum('rows') / seconds, until };
  }
}
