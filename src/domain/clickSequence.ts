/**
 * Clicks that the watermark has passed, one after the other in their order (clicks.ts). It remembers of each event key the last copy, and
 * of each user the last click, for as long as the next one can still depend on it and no longer.
 */
import type { Click, ClickFacts, ClickRules } from './clicks.js';
import type { Instant } from './instant.js';

/** A user's last click, and the facts that the time spent on it will belong to. */
export interface LastClick {
  time: Instant;
  facts: ClickFacts;
}

export class ClickSequence {
  /** Time of the last copy by key. Clicks come in the order of their times, and so do the entries: each is put at the end anew. */
  readonly copies = new Map<string, Instant>();
  /** By user; in the order of their times, too. */
  readonly last = new Map<string, LastClick>();
  readonly #rules: ClickRules;

  constructor(rules: ClickRules) {
    this.#rules = rules;
  }

  /**
   * Whether a copy of this event came at most `dedupeWithin` before it, in this order. That copy may be a duplicate itself: so whether a
   * click counts depends on nothing that is older than `dedupeWithin`.
   */
  isDuplicate({ key, time }: Click): boolean {
    const { dedupeWithinMs } = this.#rules;
    if (key === null || dedupeWithinMs === 0) return false;
    const before = this.copies.get(key);
    if (before !== undefined) this.copies.delete(key);
    this.copies.set(key, time);
    return before !== undefined && time - before <= dedupeWithinMs;
  }

  /** Counts a click that is no duplicate, and the time spent on the same user's click before. */
  count({ user, time }: Click, facts: ClickFacts): void {
    facts.clicks++;
    if (user === null) return;
    facts.users.add(user);
    const before = this.last.get(user);
    if (before !== undefined) {
      this.last.delete(user);
      const spentMs = time - before.time;
      if (spentMs <= this.#rules.gapMs) {
        before.facts.samples++;
        before.facts.timeSpentMs += spentMs;
      }
    }
    this.last.set(user, { time, facts });
  }

  /** Forgets what no click after `watermark` depends on. */
  forget(watermark: Instant): void {
    const { dedupeWithinMs, gapMs } = this.#rules;
    for (const [key, time] of this.copies) {
      if (time + dedupeWithinMs > watermark) break;
      this.copies.delete(key);
    }
    for (const [user, { time }] of this.last) {
      if (time + gapMs > watermark) break;
      this.last.delete(user);
    }
  }
}
