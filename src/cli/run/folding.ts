import { BatchFold } from '../../domain/fold.js';
import type { Batch } from '../../domain/commit.js';
import type { Instant } from '../../domain/instant.js';
import type { Job } from '../../pipelines/job.js';
import { parseObject } from '../../pipelines/jsonEvent.js';
import type { PollSide } from '../../pipelines/pollSide.js';
import type { LogRecord } from './logRecord.js';

/** The records of one partition, folded as polls do, into batches that end when somebody asks for one. */
export class Folding<Item, Gathered, Partial> {
  readonly #job: Job;
  readonly #side: PollSide<Item, Gathered, Partial>;
  #fold: BatchFold<Item, Gathered>;
  #from = 0;
  #next = 0;
  #earliest = Infinity;

  constructor(job: Job, side: PollSide<Item, Gathered, Partial>) {
    this.#job = job;
    this.#side = side;
    this.#fold = this.#begin(null);
  }

  get watermark(): Instant | null {
    return this.#fold.watermark;
  }

  /** The smallest event time in the batch that is gathered; infinite where it has none. */
  get earliest(): Instant {
    return this.#earliest;
  }

  add({ offset, timestampMs, value }: LogRecord): void {
    const at = offset ?? this.#next;
    this.#next = at + 1;
    const decoded = this.#side.decode(parseObject(value), timestampMs);
    const reason = this.#fold.add({ offset: at, timestampMs }, decoded);
    if (reason === null && decoded.reason === null && decoded.time < this.#earliest)
      this.#earliest = decoded.time;
  }

  /** Ends the batch, wherever it stands; null where nothing was read. */
  endBatch(): Batch<Partial> | null {
    const { counters, gathering, watermark } = this.#fold;
    if (counters.read === 0) return null;
    const batch = {
      from: this.#from,
      next: this.#next,
      advance: null,
      watermark,
      caughtUp: null,
      counters,
      partial: this.#side.complete(gathering.partial()),
      rejects: [],
    };
    this.#fold = this.#begin(watermark);
    this.#from = this.#next;
    this.#earliest = Infinity;
    return batch;
  }

  #begin(watermark: Instant | null): BatchFold<Item, Gathered> {
    const { delayMs, futureGuardMs } = this.#job;
    return new BatchFold({ operator: this.#side, delayMs, futureGuardMs, watermark });
  }
}
