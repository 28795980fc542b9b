/** Final clicks as people are shown them: added up over partitions, in a fixed order. */
import { finalAt, type ClickRules } from '../../domain/clicks.js';
import { ClickBucket } from '../../domain/clickBucket.js';
import { compareTexts } from '../../domain/compareTexts.js';
import type { Instant } from '../../domain/instant.js';
import type { ClickRow } from './operator.js';

type Spans = Pick<ClickRules, 'sizeMs' | 'gapMs'>;

/** What partitions have closed, added up, until the job's line (docs/semantics.md) says that no partition adds to it any more. */
export class ClickTotals {
  readonly #spans: Spans;
  readonly #buckets = new Map<Instant, ClickBucket>();

  constructor(spans: Spans) {
    this.#spans = spans;
  }

  add(rows: readonly ClickRow[]): void {
    for (const { start, url, country, facts } of rows) {
      let bucket = this.#buckets.get(start);
      if (bucket === undefined) this.#buckets.set(start, (bucket = new ClickBucket(start)));
      const total = bucket.facts(url, country);
      total.clicks += facts.clicks;
      total.samples += facts.samples;
      total.timeSpentMs += facts.timeSpentMs;
      for (const user of facts.users) total.users.add(user);
    }
  }

  /** Takes out what is final at `line`: by bucket, URL, country; null first, then by code point. */
  *takeUntil(line: Instant): Generator<ClickRow> {
    const starts = [...this.#buckets.keys()].filter((start) => finalAt(start, this.#spans) <= line);
    for (const start of starts.sort((a, b) => a - b)) {
      const rows = [...this.#buckets.get(start)!];
      this.#buckets.delete(start);
      rows.sort((a, b) => compareTexts(a.url, b.url) || compareTexts(a.country, b.country));
      for (const row of rows) yield { start, ...row };
    }
  }
}

/**
 * A row as JSON: keys in the order of the table's columns, times in UTC with milliseconds; `average_time_spent` is in seconds, over samples,
 * and null where there are none.
 */
export function clickRowJson(
  { start, url, country, facts }: ClickRow,
  { sizeMs }: Pick<ClickRules, 'sizeMs'>,
) {
  const { clicks, samples, timeSpentMs, users } = facts;
  return {
    bucket_start: new Date(start).toISOString(),
    bucket_end: new Date(start + sizeMs).toISOString(),
    url,
    country,
    number_of_clicks: clicks,
    number_of_unique_users: users.size,
    time_spent_ms: timeSpentMs,
    samples,
    average_time_spent: samples === 0 ? null : timeSpentMs / samples / 1000,
  };
}
