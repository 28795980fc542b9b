import type { Queryable } from './pool.js';

const ENSURE =
  'select weir.ensure_sessions_month(month) from unnest($1::date[]) as months (month) order by month';

/** The partitions of `user_sessions` that are known to be there, in one process. */
export class SessionMonths {
  readonly #known = new Set<number>();

  /** Makes the partitions for sessions that start at `starts` (epoch ms), and for the month after each. */
  async ensure(db: Queryable, starts: readonly number[]): Promise<void> {
    const missing = [...monthsOf(starts)]
      .flatMap((month) => [month, month + 1])
      .filter((month) => !this.#known.has(month));
    if (missing.length === 0) return;
    await db.query(ENSURE, [missing.map(firstDay)]);
    for (const month of missing) this.#known.add(month);
  }

  /** Somebody has dropped one. */
  forget(): void {
    this.#known.clear();
  }
}

/** Months since year 0. */
function monthsOf(starts: readonly number[]): Set<number> {
  let first = Infinity;
  let last = -Infinity;
  for (const start of starts) {
    if (start < first) first = start;
    if (start > last) last = start;
  }
  // Nearly always all are of one month.
  return new Set(monthOf(first) === monthOf(last) ? [monthOf(first)] : starts.map(monthOf));
}

function monthOf(instant: number): number {
  const date = new Date(instant);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

function firstDay(month: number): string {
  const year = String(Math.floor(month / 12)).padStart(4, '0');
  return `${year}-${String((month % 12) + 1).padStart(2, '0')}-01`;
}
