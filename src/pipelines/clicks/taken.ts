/** What a partition keeps of the clicks that its watermark has passed, as compact JSON: the other half of its state beside the held ones. */
import type { ClickFacts } from '../../domain/clicks.js';
import type { Instant } from '../../domain/instant.js';
import type { FinalClicks, OpenClicks } from '../../domain/openClicks.js';
import { KEY_CHARS, factsOf, toFactColumns, type FactColumns } from './columns.js';

export interface TakenJson {
  /** Buckets that are not final, some of which may have no facts yet, and the final ones that are still asked for. */
  buckets: [start: Instant, firstOffset: number][];
  past: [start: Instant, firstOffset: number][];
  facts: FactColumns;
  /** Copies by key, {@link KEY_CHARS} each, and their times, each as the difference from the one before. */
  keys: string;
  keyTimes: number[];
  /** Last clicks by user: indexes of the user among `facts.users` and of the facts, and times as differences. */
  lastUsers: number[];
  lastFacts: number[];
  lastTimes: number[];
}

export function snapshotOfTaken({ buckets, past, sequence }: OpenClicks): TakenJson {
  const rows: FinalClicks[] = [];
  for (const [start, bucket] of buckets) for (const facts of bucket) rows.push({ start, ...facts });
  const facts = toFactColumns(rows);
  const indexes = new Map<ClickFacts, number>(rows.map((row, index) => [row.facts, index]));
  // Whoever clicked last is among the users of what was clicked.
  const users = new Map(facts.users.map((user, index) => [user, index]));
  const last = [...sequence.last];
  return {
    buckets: [...buckets.values()].map(({ start, firstOffset }) => [start, firstOffset]),
    past: [...past],
    facts,
    keys: [...sequence.copies.keys()].join(''),
    keyTimes: differences([...sequence.copies.values()]),
    lastUsers: last.map(([user]) => users.get(user)!),
    lastFacts: last.map(([, click]) => indexes.get(click.facts)!),
    lastTimes: differences(last.map(([, { time }]) => time)),
  };
}

/** Puts back into `open`, which is empty, what {@link snapshotOfTaken} took of another. */
export function mergeTaken(taken: TakenJson, open: OpenClicks): void {
  for (const [start, firstOffset] of taken.buckets) open.bucket(start).firstOffset = firstOffset;
  for (const [start, firstOffset] of taken.past) open.past.set(start, firstOffset);
  const rows: ClickFacts[] = [];
  for (const { start, url, country, facts } of factsOf(taken.facts)) {
    const into = open.bucket(start).facts(url, country);
    into.clicks = facts.clicks;
    into.samples = facts.samples;
    into.timeSpentMs = facts.timeSpentMs;
    for (const user of facts.users) into.users.add(user);
    rows.push(into);
  }
  const { sequence } = open;
  let time = 0;
  for (const [i, difference] of taken.keyTimes.entries()) {
    time += difference;
    sequence.copies.set(taken.keys.slice(i * KEY_CHARS, (i + 1) * KEY_CHARS), time);
  }
  time = 0;
  for (const [i, user] of taken.lastUsers.entries()) {
    time += taken.lastTimes[i]!;
    sequence.last.set(taken.facts.users[user]!, { time, facts: rows[taken.lastFacts[i]!]! });
  }
}

function differences(values: readonly number[]): number[] {
  return values.map((value, i) => value - (i === 0 ? 0 : values[i - 1]!));
}
