/**
 * Clicks and their facts as compact JSON: a column each, with dictionaries for what repeats. Times and offsets are differences from the
 * one before, the first from 0.
 */
import type { Click, ClickFacts } from '../../domain/clicks.js';
import type { Instant } from '../../domain/instant.js';
import type { FinalClicks } from '../../domain/openClicks.js';
import { Dictionary } from './dictionary.js';

/** Hashes of event keys have this length, so that they can stand behind each other (event.ts). */
export const KEY_CHARS = 16;
/** Stands for none: `-` is not in the alphabet of the hashes. */
const NO_KEY = '-'.repeat(KEY_CHARS);

export interface ClickColumns {
  times: number[];
  offsets: number[];
  /** Offsets in the topic, in the same way, and partitions; null where they are the offsets, and 0. */
  ats: number[] | null;
  sources: number[] | null;
  /** {@link KEY_CHARS} for each. */
  keys: string;
  /** Indexes into `users`, `urls` and `countries`. */
  user: number[];
  url: number[];
  country: number[];
  users: (string | null)[];
  urls: (string | null)[];
  countries: (string | null)[];
}

const JOINED_KEYS = 256;

/** Clicks in any order, being made into columns. */
export class ClickColumnsBuilder {
  readonly #users = new Dictionary<string | null>();
  readonly #urls = new Dictionary<string | null>();
  readonly #countries = new Dictionary<string | null>();
  /** Joined now and then: few long texts are less work for the garbage collector than many short ones. */
  #keys = '';
  #newKeys: string[] = [];
  readonly #ats: number[] = [];
  readonly #sources: number[] = [];
  readonly #regrouped: boolean;
  #isRegrouped = false;
  readonly #columns: Omit<ClickColumns, 'keys' | 'ats' | 'sources'> = {
    times: [],
    offsets: [],
    user: [],
    url: [],
    country: [],
    users: this.#users.texts,
    urls: this.#urls.texts,
    countries: this.#countries.texts,
  };
  #timeBefore = 0;
  #offsetBefore = 0;
  #atBefore = 0;

  /** @param options whether clicks may come from several sources; else their offsets are those of the topic */
  constructor({ regrouped }: { regrouped: boolean } = { regrouped: false }) {
    this.#regrouped = regrouped;
  }

  /** How many texts there are by now. */
  get texts(): number {
    return this.#users.size + this.#urls.size + this.#countries.size;
  }

  add({ time, offset, key, user, url, country, source, at }: Click): void {
    const columns = this.#columns;
    if (this.#newKeys.push(key ?? NO_KEY) === JOINED_KEYS) this.#joinKeys();
    columns.times.push(time - this.#timeBefore);
    columns.offsets.push(offset - this.#offsetBefore);
    columns.user.push(this.#users.indexOf(user));
    columns.url.push(this.#urls.indexOf(url));
    columns.country.push(this.#countries.indexOf(country));
    this.#timeBefore = time;
    this.#offsetBefore = offset;
    if (!this.#regrouped) return;
    this.#ats.push(at - this.#atBefore);
    this.#sources.push(source);
    this.#atBefore = at;
    this.#isRegrouped ||= source !== 0 || at !== offset;
  }

  columns(): ClickColumns {
    this.#joinKeys();
    const [ats, sources] = this.#isRegrouped ? [this.#ats, this.#sources] : [null, null];
    return { ...this.#columns, keys: this.#keys, ats, sources };
  }

  #joinKeys(): void {
    this.#keys += this.#newKeys.join('');
    this.#newKeys = [];
  }
}

/** Calls `take` for each click that was added, in the same order. No generator: this is for every click. */
export function eachClick(columns: ClickColumns, take: (click: Click) => void): void {
  const { times, offsets, ats, sources, keys, users, urls, countries } = columns;
  let time = 0;
  let offset = 0;
  let at = 0;
  for (let i = 0; i < times.length; i++) {
    time += times[i]!;
    offset += offsets[i]!;
    at = ats === null ? offset : at + ats[i]!;
    const key = keys.slice(i * KEY_CHARS, (i + 1) * KEY_CHARS);
    take({
      time,
      offset,
      source: sources === null ? 0 : sources[i]!,
      at,
      key: key === NO_KEY ? null : key,
      user: users[columns.user[i]!]!,
      url: urls[columns.url[i]!]!,
      country: countries[columns.country[i]!]!,
    });
  }
}

/** Facts by bucket, URL and country. */
export interface FactColumns {
  starts: Instant[];
  url: number[];
  country: number[];
  clicks: number[];
  samples: number[];
  timeSpentMs: number[];
  /** How many users each has; */
  userCounts: number[];
  /** and all of them, those of the first facts first, as indexes into `users`. */
  user: number[];
  urls: (string | null)[];
  countries: (string | null)[];
  users: string[];
}

export function toFactColumns(all: Iterable<FinalClicks>): FactColumns {
  const urls = new Dictionary<string | null>();
  const countries = new Dictionary<string | null>();
  const users = new Dictionary<string>();
  const columns: FactColumns = {
    starts: [],
    url: [],
    country: [],
    clicks: [],
    samples: [],
    timeSpentMs: [],
    userCounts: [],
    user: [],
    urls: urls.texts,
    countries: countries.texts,
    users: users.texts,
  };
  let startBefore = 0;
  for (const { start, url, country, facts } of all) {
    columns.starts.push(start - startBefore);
    columns.url.push(urls.indexOf(url));
    columns.country.push(countries.indexOf(country));
    columns.clicks.push(facts.clicks);
    columns.samples.push(facts.samples);
    columns.timeSpentMs.push(facts.timeSpentMs);
    columns.userCounts.push(facts.users.size);
    for (const user of facts.users) columns.user.push(users.indexOf(user));
    startBefore = start;
  }
  return columns;
}

/** Facts as {@link toFactColumns} was given them, in the same order; users as a list. */
export function* factsOf(columns: FactColumns): Generator<{
  start: Instant;
  url: string | null;
  country: string | null;
  facts: Omit<ClickFacts, 'users'> & { users: string[] };
}> {
  let start = 0;
  let from = 0;
  for (let i = 0; i < columns.starts.length; i++) {
    start += columns.starts[i]!;
    const to = from + columns.userCounts[i]!;
    yield {
      start,
      url: columns.urls[columns.url[i]!]!,
      country: columns.countries[columns.country[i]!]!,
      facts: {
        clicks: columns.clicks[i]!,
        samples: columns.samples[i]!,
        timeSpentMs: columns.timeSpentMs[i]!,
        users: columns.user.slice(from, to).map((user) => columns.users[user]!),
      },
    };
    from = to;
  }
}
