/** How many of the records read last were rejected: where it is many, the rules are wrong, or what is sent is not what it should be. */
import type { Counters } from './accounting.js';

/** Records that the share is about. */
const LAST = 10_000;

/** What is carried to the next run is in pieces of so many records, so that it stays short. */
const PIECE = 100;

export type Read = Pick<Counters, 'read' | 'rejected'>;

export class RejectedShare {
  readonly #batches: Read[];
  #before: Read;
  #sum: Read;

  /**
   * @param before what was counted by then: it is not looked at
   * @param carried what another one has seen of that
   */
  constructor(before: Read, carried: readonly Read[] = []) {
    this.#before = before;
    this.#batches = [...carried];
    this.#sum = carried.reduce(plus, { read: 0, rejected: 0 });
  }

  /** What it has seen, oldest first. */
  carry(): Read[] {
    const pieces: Read[] = [];
    for (const batch of this.#batches) {
      const last = pieces.at(-1);
      if (last !== undefined && last.read < PIECE) pieces.splice(-1, 1, plus(last, batch));
      else pieces.push(batch);
    }
    return pieces;
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
