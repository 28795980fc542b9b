import { parseDuration } from '../domain/duration.js';
import { parseEventTime } from '../domain/eventTime.js';

/** Bad usage or configuration: everything that is wrong with it, one sentence each. The command prints them all and exits with 2. */
export class UsageError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'UsageError';
    this.problems = problems;
  }
}

/**
 * Reads the texts of a command line's options and collects every mistake, so that a person sees all of them at once. A reader returns
 * undefined for an option that was not given, or given wrongly; {@link OptionReader.finish} then throws.
 *
 * Each takes the option's name as it is typed (`--rate`) and its text.
 */
export class OptionReader {
  readonly #problems: string[] = [];

  problem(sentence: string): void {
    this.#problems.push(sentence);
  }

  /** Throws a {@link UsageError} with every problem found so far, if there is any. */
  finish(): void {
    if (this.#problems.length > 0) throw new UsageError(this.#problems);
  }

  /** A whole number of at least `min` (default 1), written with or without `_` or `,` between thousands. */
  integer(name: string, text: string | undefined, min = 1): number | undefined {
    if (text === undefined) return undefined;
    const value = /^\d[\d_,]*$/.test(text) ? Number(text.replace(/[_,]/g, '')) : NaN;
    if (Number.isSafeInteger(value) && value >= min) return value;
    return this.#wrong(name, text, `a whole number of at least ${min}`);
  }

  /** A duration in milliseconds: `250ms`, `30s`, `5m`, `1h`; negative only where that is allowed. */
  durationMs(
    name: string,
    text: string | undefined,
    sign: 'any sign' | 'not negative' = 'not negative',
  ): number | undefined {
    if (text === undefined) return undefined;
    const value = parseDuration(text);
    if (value !== null && (value >= 0 || sign === 'any sign')) return value;
    return this.#wrong(
      name,
      text,
      `a duration such as 250ms, 30s, 5m or 1h${sign === 'any sign' ? '' : ', not negative'}`,
    );
  }

  /** An instant in epoch milliseconds: `now`, `5m ago`, or in any form of event time (docs/semantics.md). */
  instantMs(name: string, text: string | undefined, nowMs: number): number | undefined {
    if (text === undefined) return undefined;
    if (text === 'now') return nowMs;
    const ago = text.endsWith(' ago') ? parseDuration(text.slice(0, -4)) : null;
    const value = ago === null ? parseEventTime(text) : nowMs - ago;
    return value ?? this.#wrong(name, text, "'now', '5m ago' or a time such as 2026-01-01T00:00:00Z");
  }

  /** A share between 0 and 1. */
  share(name: string, text: string | undefined): number | undefined {
    if (text === undefined) return undefined;
    const value = /^\d*\.?\d+$/.test(text) ? Number(text) : NaN;
    return value >= 0 && value <= 1 ? value : this.#wrong(name, text, 'a share between 0 and 1');
  }

  /** A rate in events a second, above 0: `2000`, `2000/s`, `0.5`. */
  ratePerSecond(name: string, text: string | undefined): number | undefined {
    if (text === undefined) return undefined;
    const digits = /^([\d_,]*\.?\d+)(?:\/s)?$/.exec(text)?.[1];
    const value = digits === undefined ? NaN : Number(digits.replace(/[_,]/g, ''));
    return value > 0
      ? value
      : this.#wrong(name, text, 'a number of events a second above 0, such as 2000 or 2000/s');
  }

  /** One of a few words. */
  oneOf<T extends string>(name: string, text: string | undefined, words: readonly T[]): T | undefined {
    if (text === undefined) return undefined;
    return words.find((word) => word === text) ?? this.#wrong(name, text, words.join(' or '));
  }

  /** The name of a Kafka topic. */
  topic(name: string, text: string | undefined): string | undefined {
    if (text === undefined) return undefined;
    if (/^[a-zA-Z0-9._-]{1,249}$/.test(text) && text !== '.' && text !== '..') return text;
    return this.#wrong(name, text, "a Kafka topic's name: at most 249 letters, digits, '.', '_' and '-'");
  }

  #wrong(name: string, text: string, wanted: string): undefined {
    this.problem(`${name} ${JSON.stringify(text)}: must be ${wanted}`);
    return undefined;
  }
}
