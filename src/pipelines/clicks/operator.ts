/** Clicks per bucket, URL and country: what a poll gathers, and what a partition holds open. */
import type { ClickRules } from '../../domain/clicks.js';
import type { Instant } from '../../domain/instant.js';
import { OpenClicks, type FinalClicks } from '../../domain/openClicks.js';
import type { Accepted, Closed, Gathering, OpenState, Operator } from '../../domain/operator.js';
import { nextEndAfter } from '../../domain/windows.js';
import {
  ClickColumnsBuilder,
  eachClick,
  toFactColumns,
  type ClickColumns,
  type FactColumns,
} from './columns.js';
import { mergeTaken, snapshotOfTaken, type TakenJson } from './taken.js';

/** What a click is, apart from time and offset. */
export interface ClickItem {
  /** A hash of the event's key, {@link KEY_CHARS} long. */
  key: string | null;
  user: string | null;
  url: string | null;
  country: string | null;
}

/** Polls bring `clicks`; the state of a partition is the held ones and what became of those that the watermark has passed. */
export interface ClicksJson {
  clicks: ClickColumns;
  taken: TakenJson | null;
}

export type ClickRow = FinalClicks;

/** Final facts on their way to the sink. */
export interface PackedClicks {
  sizeMs: number;
  gapMs: number;
  facts: FactColumns;
}

export function clicksOperator(rules: ClickRules): Operator<ClickItem, ClicksJson, ClickRow> {
  const { sizeMs, gapMs } = rules;
  const ends = { sizeMs, slideMs: sizeMs, offsetMs: gapMs };
  return {
    isLate: (time, watermark) => time <= watermark,
    nextPossibleEnd: (watermark) => nextEndAfter(watermark, ends),
    spanOf: ({ start }) => ({ start, end: start + sizeMs + gapMs }),
    gather: () => new GatheredClicks(),
    open: () => new ClicksState(rules),
  };
}

export function packClicks(
  rows: readonly ClickRow[],
  { sizeMs, gapMs }: Pick<ClickRules, 'sizeMs' | 'gapMs'>,
): PackedClicks {
  return { sizeMs, gapMs, facts: toFactColumns(rows) };
}

// Parts of messages are cut by these sizes: see PART_BYTES (regroup.ts) before changing any of them.

/** About what a click takes as JSON: its key, and five numbers. */
const CLICK_BYTES = 38;
const NON_ASCII = /\P{ASCII}/u;

export class GatheredClicks implements Gathering<ClickItem, ClicksJson> {
  sizeBytes = 0;
  readonly #clicks = new ClickColumnsBuilder();

  take({ time, offset, item }: Accepted<ClickItem>): void {
    const { key, user, url, country } = item;
    const texts = this.#clicks.texts;
    this.#clicks.add({ time, offset, key, user, url, country, source: 0, at: offset });
    this.sizeBytes += clickBytes(item, this.#clicks.texts > texts);
  }

  partial(): ClicksJson {
    return { clicks: this.#clicks.columns(), taken: null };
  }
}

/** Too much rather than too little: one new text counts for all three of the click. */
export function clickBytes({ user, url, country }: Omit<ClickItem, 'key'>, newTexts: boolean): number {
  return newTexts ? CLICK_BYTES + bytesOf(user) + bytesOf(url) + bytesOf(country) : CLICK_BYTES;
}

function bytesOf(text: string | null): number {
  if (text === null) return 4;
  return 3 + (NON_ASCII.test(text) ? 3 * text.length : text.length);
}

export class ClicksState implements OpenState<ClicksJson, ClickRow> {
  readonly #open: OpenClicks;

  constructor(rules: ClickRules) {
    this.#open = new OpenClicks(rules);
  }

  get size(): number {
    return this.#open.held.length;
  }

  merge({ clicks, taken }: ClicksJson): void {
    if (taken !== null) mergeTaken(taken, this.#open);
    eachClick(clicks, (click) => this.#open.hold(click));
  }

  close(watermark: Instant): Closed<ClickRow> {
    const { final, duplicates } = this.#open.close(watermark);
    return { rows: final, duplicates };
  }

  nextEnd(): Instant | null {
    return this.#open.nextEnd();
  }

  lastEnd(): Instant | null {
    return this.#open.lastEnd();
  }

  rebuildFrom(): number | null {
    return this.#open.firstOffset();
  }

  snapshot(): ClicksJson {
    const held = new ClickColumnsBuilder({ regrouped: true });
    for (const click of this.#open.held) held.add(click);
    return { clicks: held.columns(), taken: snapshotOfTaken(this.#open) };
  }
}
