import type { ClickFacts } from './clicks.js';
import type { Instant } from './instant.js';

/** Facts of one bucket by URL and country; null is a group of its own. */
export class ClickBucket {
  readonly start: Instant;
  /** The smallest offset of its clicks. */
  firstOffset = Infinity;
  readonly #byUrl = new Map<string | null, Map<string | null, ClickFacts>>();

  constructor(start: Instant) {
    this.start = start;
  }

  facts(url: string | null, country: string | null): ClickFacts {
    let byCountry = this.#byUrl.get(url);
    if (byCountry === undefined) this.#byUrl.set(url, (byCountry = new Map()));
    let facts = byCountry.get(country);
    if (facts === undefined) {
      byCountry.set(country, (facts = { clicks: 0, samples: 0, timeSpentMs: 0, users: new Set() }));
    }
    return facts;
  }

  *[Symbol.iterator](): Generator<{ url: string | null; country: string | null; facts: ClickFacts }> {
    for (const [url, byCountry] of this.#byUrl)
      for (const [country, facts] of byCountry) yield { url, country, facts };
  }
}
