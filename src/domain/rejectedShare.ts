/** How many of the records read last were rejected: where it is many, the rules are wrong, or what is sent is not what it should be. */
import type { Counters } from './accounting.js';

/** Records that the share is about. */
const LAST = 10_000;

type Read = Pick<Counters, 'read' | 'rejected'>;

export class RejectedShare {
  readonly #batches: Read[] = [];
  #before: Read;
  #sum: Read = { read: 0, rejected: 0 };

  /** @param before what was counted by then: it is not looked at */
  constructor(before: Read) {
    this.#before = before;
  }

  /**
   * Takes note of what is counted by now; returns why to stop, where of the last 10,000 records (of a batch, where it has more) a share larger
   * than `limit` was rejected; else null.
   */
  whyStop(counters: Read, limit: number): string | null {
    const batch = minus(counters, this.#before);
    this.#before = counters;
    this.#batches.push(batch);
    this.#sum = plus(this.#sum, batch);
    while (this.#sum.read - this.#batches[0]!.read >= LAST)
      this.#sum = minus(this.#sum, this.#batches.shift()!);
    const { read, rejected } = this.#sum;
    if (rejected <= limit * Math.max(LAST, read)) return null;
    return `of the last ${read} records ${rejected} were rejected`;
  }
}

function minus(a: Read, b: Read): Read {
  return { read: a.read - b.read, rejected: a.rejected - b.rejected };
}

function plus(a: Read, b: Read): Read {
  return { read: a.read + b.read, rejected: a.rejected + b.rejected };
}
