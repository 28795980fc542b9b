/**
 * The poll: reads one partition from an offset and returns aggregates, never records. It holds no state between calls and writes
 * nothing, so any worker can run any attempt, and one that is lost or cancelled costs nothing.
 *
 * A batch ends by count, by bytes or by time. At the end of the log it lingers for more; with nothing read it stays inside, the quiet
 * clock running (idle.ts), so that a partition at rest adds nothing to Temporal's history.
 */
import { BatchFold, type Decoded } from '../domain/fold.js';
import { latest, type Instant } from '../domain/instant.js';
import type { Batch, Reject } from '../domain/commit.js';
import { caughtUpAt, type CaughtUp, type JobClock } from '../domain/quietClock.js';
import type { Reread } from '../domain/rewrite.js';
import { OffsetOutOfRange, type Fetched, type LogReader, type RecordCursor } from '../io/kafka/logReader.js';
import type { Job } from '../pipelines/job.js';
import type { JobPartial } from '../pipelines/operators.js';
import { pollSideOf, type LookUps, type PollSide } from '../pipelines/pollSide.js';
import { unlessAborted } from './handover.js';
import { Idle } from './idle.js';
import { rejectOf } from './rejectOf.js';
import type { Fetch } from './watch.js';

export interface PollInput {
  job: Job;
  partition: number;
  offset: number;
  watermark: Instant | null;
  caughtUp: CaughtUp | null;
  /** The earliest end of anything open: the poll returns at once when the watermark passes it. */
  nextEnd: Instant | null;
  /** Whether the run has something to commit: then the poll does not stay inside for long. */
  uncommitted: boolean;
  /** Offset to stop at: the end of a drain or of a silent read. */
  until: number | null;
  /** A silent read (docs/semantics.md, claim): nothing is judged, and what was rejected or late is left out. */
  silent: boolean;
  /** In a replay, what older epochs have read; left out or null: nothing. */
  reread?: Reread | null;
  /** The poll returns after this long, empty-handed too. */
  stayMs: number;
  /** Nothing but `until` ends the batch. */
  exact?: boolean;
}

export type PollResult<Partial = JobPartial> = Batch<Partial> & {
  /** The end of what could be read: how far behind the partition is; null where nobody looked. */
  endOffset: number | null;
  /** Its worker stops: another one goes on. */
  givenBack?: true;
};

/** What a poll needs of the world: real in the worker, made up in tests. */
export interface PollContext extends LookUps {
  reader: LogReader;
  now(): Instant;
  /** Rejects when the poll is cancelled. */
  sleep(ms: number): Promise<void>;
  readJobClock(now: Instant): Promise<JobClock>;
  /** Offsets from `from` on that older epochs have found late, in order; at most `limit`. */
  readLateBefore(range: { from: number; until: number; limit: number }): Promise<number[]>;
  readRejectedOffsets(range: { from: number; until: number }): Promise<Set<number>>;
  warn(message: string): void;
  /** Aborts when the poll is to return with what it has, which an exact one does not do. */
  leaving: AbortSignal;
  /** Hears of each fetch. */
  fetched?(fetch: Fetch): void;
}

/** Several smaller fetches cost less than a large one: a response is copied until it is whole. */
const FETCH_BYTES = 2_000_000;
/** Short enough for heartbeats and the quiet clock; a fetch returns before when something comes. */
const FETCH_WAIT_MS = 1000;
/** Between fetches while lingering: each returns as soon as one record is there. */
const PAUSE_MS = 20;
/** An end that live traffic passes within this time is waited for: else it would wait for the round trip to the next poll. */
const NEAR_END_MS = 150;
/** A batch in backlog ends after this long, however small it is. */
const LONGEST_BATCH_MS = 5000;
/** Verdicts of older epochs that are looked up for a batch; it ends behind them. */
const LATE_BEFORE = 50_000;

export async function poll(input: PollInput, context: PollContext): Promise<PollResult> {
  return pollWith(input, context, pollSideOf(input.job, context));
}

/** {@link poll} for what a pipeline makes of the records. */
export async function pollWith<Item, Gathered, Partial>(
  input: PollInput,
  context: Omit<PollContext, 'readAgent'>,
  side: PollSide<Item, Gathered, Partial>,
): Promise<PollResult<Partial>> {
  return new Poll(input, context, side).run();
}

class Poll<Item, Gathered, Partial> {
  readonly #input: PollInput;
  readonly #context: Omit<PollContext, 'readAgent'>;
  readonly #fold: BatchFold<Item, Gathered>;
  readonly #side: PollSide<Item, Gathered, Partial>;
  readonly #idle: Idle;
  /** An exact poll never leaves. */
  readonly #leaving: AbortSignal;
  readonly #rejects: Reject[] = [];
  #rejectBytes = 0;
  #offset: number;
  #endOffset: number | null = null;
  #recordTime: Instant | null = null;
  #caughtUp: CaughtUp | null;
  #leaveOut: Set<number> | null = null;
  /** Offsets whose records older epochs have found late, up to {@link #until}. */
  #lateBefore: Set<number> | null = null;
  /** Where the batch ends at the latest. */
  #until: number | null;

  constructor(
    input: PollInput,
    context: Omit<PollContext, 'readAgent'>,
    side: PollSide<Item, Gathered, Partial>,
  ) {
    const { job } = input;
    this.#input = input;
    this.#context = context;
    this.#offset = input.offset;
    this.#caughtUp = input.caughtUp;
    this.#until = earlier(input.until, input.reread?.until ?? null);
    this.#side = side;
    this.#leaving = input.exact ? new AbortController().signal : context.leaving;
    this.#fold = new BatchFold({
      operator: side,
      delayMs: job.delayMs,
      futureGuardMs: job.futureGuardMs,
      watermark: input.watermark,
      silent: input.silent,
    });
    this.#idle = new Idle(
      { ...input, idle: job.idle, idleAfterMs: job.idleAfterMs, operator: side },
      context,
    );
  }

  async run(): Promise<PollResult<Partial>> {
    const { silent, until, offset, stayMs, job, exact = false } = this.#input;
    if (silent) this.#leaveOut = await this.#context.readRejectedOffsets({ from: offset, until: until! });
    else await this.#readVerdicts();
    const began = this.#context.now();
    // When to return at the end of the log: empty-handed after the stay, with records after the linger.
    let leaveAt = began + stayMs;
    let lingerUntil = 0;
    while (!this.#reachedUntil() && !this.#leaving.aborted) {
      const fetched = await this.#fetch(Math.max(0, Math.min(FETCH_WAIT_MS, leaveAt - this.#context.now())));
      if (fetched === null) continue;
      const before = this.#fold.counters.read;
      const full = this.#take(fetched.records);
      const brought = this.#fold.counters.read > before;
      const now = this.#context.now();
      if (brought) {
        // Not since the fetch was sent: it may have waited for these records, and the watermark would run ahead of the clock.
        this.#caughtUp = this.#offset < fetched.endOffset ? null : caughtUpAt(now);
        if (before === 0) lingerUntil = now + job.lingerMs;
      }
      if (full || this.#reachedUntil()) break;
      if (exact) continue;
      if (this.#fold.counters.read === 0) {
        if (this.#offset >= fetched.endOffset && ((await this.#idled(fetched)) || now >= leaveAt)) break;
        // A long stretch that holds nothing, compacted or aborted, has been passed: remember it.
        if (now - began >= LONGEST_BATCH_MS && this.#offset > offset) break;
        continue;
      }
      if (this.#offset < fetched.endOffset) {
        if (now - began >= LONGEST_BATCH_MS) break;
        continue;
      }
      const toEnd = this.#idle.untilEnd(this.#fold.watermark);
      leaveAt = lingerUntil + (toEnd <= NEAR_END_MS ? NEAR_END_MS : 0);
      if (silent || toEnd <= 0 || now >= leaveAt) break;
      // To the very end, if it is that near: event time runs as the clock does.
      if (brought) await this.#context.sleep(Math.min(PAUSE_MS, leaveAt - now, toEnd));
    }
    return this.#result();
  }

  /** null where offsets that retention has removed were skipped instead, and where it is time to leave. */
  async #fetch(maxWaitMs: number): Promise<Fetched | null> {
    const { reader } = this.#context;
    try {
      const fetching = reader.fetch({ offset: this.#offset, maxWaitMs, maxBytes: FETCH_BYTES });
      const fetched = await unlessAborted(fetching, this.#leaving);
      if (fetched === null) return null;
      this.#endOffset = fetched.endOffset;
      this.#expectAll(fetched.endOffset);
      return fetched;
    } catch (error) {
      if (!(error instanceof OffsetOutOfRange) || this.#input.job.onDataLoss === 'fail') throw error;
      if (error.wantedOffset >= error.startOffset) throw error;
      this.#context.warn(`${error.message}: skipped to the oldest, since onDataLoss is "skip"`);
      const to = Math.min(error.startOffset, this.#until ?? Infinity);
      this.#fold.counters.skipped += to - this.#offset;
      this.#offset = to;
      return null;
    }
  }

  /** A drain or a silent read ends at an offset that was there once: a log that ends before it has lost records, or a leader is behind. */
  #expectAll(endOffset: number): void {
    const { job, partition } = this.#input;
    const until = this.#until;
    if (until !== null && endOffset < until && this.#offset >= endOffset) {
      throw new Error(
        `${job.topic}/${partition} ends at ${endOffset}, but was read up to ${until} before: waiting for the rest`,
      );
    }
  }

  /** Folds records until a limit is reached; true when one was. */
  #take(records: RecordCursor): boolean {
    const until = this.#until ?? Infinity;
    const full = this.#foldUntil(until, records);
    // A gap or an aborted transaction may reach beyond `until`, and a silent read has to end exactly there.
    this.#offset = Math.min(records.nextOffset, until);
    this.#tell();
    return full;
  }

  #tell(): void {
    this.#context.fetched?.({
      next: this.#offset,
      endOffset: this.#endOffset!,
      watermark: this.#fold.watermark,
      recordTime: this.#recordTime,
    });
  }

  #foldUntil(until: number, records: RecordCursor): boolean {
    const {
      job: { maxBatchEvents, maxBatchBytes },
      exact = false,
    } = this.#input;
    const fold = this.#fold;
    while (records.next()) {
      if (records.offset >= until) return true;
      this.#recordTime = records.timestampMs;
      if (this.#leaveOut?.has(records.offset)) continue;
      const decoded = this.#side.decode(this.#side.fields.read(records), records.timestampMs);
      const reason = this.#keepsVerdict(records.offset, decoded) ? 'late' : fold.add(records, decoded);
      if (reason !== null && !this.#input.silent) this.#reject(records, reason);
      if (exact) continue;
      if (
        fold.counters.read >= maxBatchEvents ||
        fold.gathering.sizeBytes >= maxBatchBytes ||
        this.#rejectBytes >= maxBatchBytes
      ) {
        return true;
      }
    }
    return false;
  }

  /** In a replay, what older epochs have found late: it stays so where it is before the part that is written again. */
  async #readVerdicts(): Promise<void> {
    const { reread = null, offset } = this.#input;
    if (reread === null || reread.before === null) return;
    const until = this.#until!;
    const late = await this.#context.readLateBefore({ from: offset, until, limit: LATE_BEFORE });
    if (late.length === LATE_BEFORE) this.#until = Math.min(until, late.at(-1)! + 1);
    this.#lateBefore = new Set(late);
  }

  #keepsVerdict(offset: number, decoded: Decoded<Item>): boolean {
    if (this.#lateBefore === null || !this.#lateBefore.has(offset) || decoded.reason !== null) return false;
    return this.#side.isLate(decoded.time, this.#input.reread!.before!);
  }

  #reject(record: RecordCursor, reason: string): void {
    const { reject, bytes } = rejectOf(record, reason);
    this.#rejects.push(reject);
    this.#rejectBytes += bytes;
  }

  /** Lets the quiet clock go on; true when somebody waits for what it says. */
  async #idled(fetched: Fetched): Promise<boolean> {
    const moved = this.#offset !== this.#input.offset;
    const back = await this.#idle.afterEmptyFetch(this.#caughtUp, { at: fetched.requestedAtMs, moved });
    this.#caughtUp = this.#idle.caughtUp;
    this.#fold.watermark = latest(this.#fold.watermark, this.#idle.advance); // the records that come next are judged by it
    this.#tell();
    return back;
  }

  #reachedUntil(): boolean {
    return this.#until !== null && this.#offset >= this.#until;
  }

  #result(): PollResult<Partial> {
    const { counters, gathering, watermark } = this.#fold;
    return {
      from: this.#input.offset,
      next: this.#offset,
      advance: this.#idle.advance,
      watermark,
      caughtUp: this.#caughtUp,
      counters,
      partial: this.#side.complete(gathering.partial()),
      rejects: this.#rejects,
      endOffset: this.#endOffset,
    };
  }
}

function earlier(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}
