/** The clicks pipeline for models: its operator, fed by records that are plain objects, and its rows as referenceClicks.ts has them. */
import type { ClickFacts, ClickRules } from '../../src/domain/clicks.js';
import type { Operator } from '../../src/domain/operator.js';
import { clicksOperator, type ClickItem, type ClicksJson } from '../../src/pipelines/clicks/operator.js';
import type { HitsJob } from '../../src/pipelines/job.js';
import type { Counted } from './progressTable.js';
import type { ModelRecord } from './reference.js';

/** Of several sizes, so that each of them is sometimes the largest. */
export function clickRulesOf({ sizeMs, slideMs, delayMs }: HitsJob): ClickRules {
  return { sizeMs, gapMs: slideMs, dedupeWithinMs: delayMs === 0 ? 12 : slideMs % 2 === 0 ? 0 : 4 };
}

/** Three users of whom one is nobody; the agent is the event's key. */
export function clickOf({ user = null, ip = null, agent = null, host }: ModelRecord): ClickItem {
  return { user: user ?? ip, country: ip, url: host, key: agent };
}

export function clickItemOf(record: ModelRecord): ClickItem {
  const click = clickOf(record);
  return { ...click, key: click.key?.padEnd(16, '.') ?? null };
}

export interface ModelClicks {
  start: number;
  url: string | null;
  country: string | null;
  facts: Omit<ClickFacts, 'users'> & { users: string[] };
}

/** The operator, with rows that are JSON. */
export function modelClicks(rules: ClickRules): Operator<ClickItem, ClicksJson, ModelClicks> {
  const operator = clicksOperator(rules);
  return {
    ...operator,
    spanOf: ({ start }) => ({ start, end: start + rules.sizeMs + rules.gapMs }),
    open() {
      const state = operator.open();
      return {
        size: 0,
        merge: (partial) => state.merge(partial),
        close(watermark) {
          const { rows, duplicates } = state.close(watermark);
          const asJson = rows.map((row) => ({
            ...row,
            facts: { ...row.facts, users: [...row.facts.users].sort() },
          }));
          return { rows: asJson, duplicates };
        },
        nextEnd: () => state.nextEnd(),
        lastEnd: () => state.lastEnd(),
        rebuildFrom: (watermark) => state.rebuildFrom(watermark),
        snapshot: () => state.snapshot(),
      };
    },
  };
}

/** All facts stand in the group: what was once written otherwise would stay, as another one. */
export function countedClicks({ sizeMs, gapMs }: ClickRules): (row: ModelClicks) => Counted {
  return ({ start, url, country, facts }) => [
    JSON.stringify([
      start,
      start + sizeMs + gapMs,
      url,
      country,
      facts.samples,
      facts.timeSpentMs,
      facts.users,
    ]),
    facts.clicks,
  ];
}
