import type { LookupSource } from '../postgres/geoLookups.js';

const FLUSH_EVERY_MS = 10_000;

interface Options {
  write: (counts: ReadonlyMap<LookupSource, number>) => Promise<void>;
  warn: (message: string) => void;
  /** Calls back once, later; the process may end before. */
  later?: (callback: () => void, ms: number) => { cancel(): void };
}

/** Counts what answered for addresses, and writes that at most every 10 seconds: nobody waits for it, and nobody fails for it. */
export class LookupCounts {
  readonly #options: Options;
  #counts = new Map<LookupSource, number>();
  #waiting: { cancel(): void } | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: Options) {
    this.#options = options;
  }

  add(source: LookupSource, lookups: number): void {
    if (lookups === 0) return;
    this.#counts.set(source, (this.#counts.get(source) ?? 0) + lookups);
    this.#waiting ??= (this.#options.later ?? afterTime)(() => void this.flush(), FLUSH_EVERY_MS);
  }

  /** Writes what was counted; what could not be written is counted again, and comes with the next lookups. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    this.#waiting?.cancel();
    this.#waiting = null;
    if (this.#counts.size === 0) return;
    const counts = this.#counts;
    this.#counts = new Map();
    try {
      await this.#options.write(counts);
    } catch (error) {
      for (const [source, lookups] of counts)
        this.#counts.set(source, (this.#counts.get(source) ?? 0) + lookups);
      this.#options.warn(`lookups of locations could not be counted: ${(error as Error).message}`);
    }
  }
}

function afterTime(callback: () => void, ms: number): { cancel(): void } {
  const timer = setTimeout(callback, ms).unref();
  return { cancel: () => clearTimeout(timer) };
}
