/**
 * One partition of a job: what is open, where it stands, and what has to be written. Pure: the workflow and `weir run` carry out what it
 * decides.
 *
 *     merge(batch) -> due(now)? -> commit() -> written by the sink -> committed()
 *
 * Between commits the state may be ahead of the committed offset. Rows and rejects never wait: a batch that has any makes a commit due.
 */
import { addCounters, NO_RECORDS, type Counters } from './accounting.js';
import type { Advance, Batch, Carried, Commit, Progress, Reject, SilentRead, Written } from './commit.js';
import { latest, type Instant } from './instant.js';
import type { OpenState, Operator } from './operator.js';
import type { CaughtUp } from './quietClock.js';
import { rereadOf } from './replay.js';
import { isRewriting, replacedBy, type Reread, type Rewrite } from './rewrite.js';
import type { SourceStanding } from './sources.js';

/** While caught up, a watermark that moved is written at most this often (docs/semantics.md, commit). */
const COMMIT_EVERY_MS = 1000;

/** What a state needs of an operator. */
type StateOperator<Partial, Row> = Pick<
  Operator<never, Partial, Row, unknown>,
  'open' | 'nextPossibleEnd' | 'spanOf'
>;

export class PartitionState<Partial, Row> {
  offset: number;
  watermark: Instant | null;
  caughtUp: CaughtUp | null = null;
  counters: Counters;
  number: number;
  readonly #operator: StateOperator<Partial, Row>;
  readonly #open: OpenState<Partial, Row>;
  #advances: Advance[];
  #endsUntil: Instant | null;
  #rewrite: Rewrite | null = null;
  #rows: Row[] = [];
  #rejects: Reject[] = [];
  #written: Written;
  /** Set during a silent read. */
  #silent: SilentRead | null = null;

  private constructor(
    operator: StateOperator<Partial, Row>,
    from: Omit<Progress, 'rebuildFrom' | 'pending' | 'sources' | 'rewrite'>,
  ) {
    this.#operator = operator;
    this.#open = operator.open();
    this.offset = from.offset;
    this.watermark = from.watermark;
    this.counters = from.counters;
    this.number = from.number;
    this.#advances = from.advances;
    this.#endsUntil = from.endsUntil;
    this.#written = { at: 0, offset: from.offset, watermark: from.watermark, caughtUp: null };
  }

  static carried<P, R>(operator: StateOperator<P, R>, carried: Carried<P>): PartitionState<P, R> {
    const state = new PartitionState<P, R>(operator, carried);
    state.caughtUp = carried.caughtUp;
    state.#open.merge(carried.open);
    state.#written = carried.written;
    state.#silent = carried.silent ?? null;
    return state;
  }

  /** A state that knows nothing, at the offset from which all that is open can be read again. */
  static rebuilding<P, R>(operator: StateOperator<P, R>, progress: Progress): PartitionState<P, R> {
    const state = new PartitionState<P, R>(operator, {
      number: progress.number,
      offset: progress.rebuildFrom,
      watermark: null,
      counters: NO_RECORDS,
      advances: progress.advances,
      endsUntil: progress.endsUntil,
    });
    // With what was taken by now, everything would be a copy.
    state.#open.sources?.adopt((progress.sources ?? []).map(([source]) => [source, 0, -1, null]));
    return state;
  }

  /** Of a target of a regrouping: what was taken from each source. */
  get sources(): SourceStanding[] | null {
    return this.#open.sources?.standings() ?? null;
  }

  /** How much is open. */
  get size(): number {
    return this.#open.size;
  }

  merge(batch: Batch<Partial>): void {
    if (batch.from !== this.offset)
      throw new RangeError(`a batch from offset ${batch.from} was merged at ${this.offset}`);
    if (batch.advance !== null) this.#advance(batch.advance);
    this.#open.merge(batch.partial);
    this.offset = batch.next;
    this.watermark = latest(this.watermark, batch.watermark);
    this.caughtUp = batch.caughtUp;
    this.counters = addCounters(this.counters, batch.counters);
    this.#rejects.push(...batch.rejects);
    this.#close();
    this.#applyAdvance();
  }

  /** End of input (docs/semantics.md, drain): the watermark goes to `end`, which is at or after everything open. */
  finish(end: Instant | null): void {
    if (end !== null && (this.watermark === null || end > this.watermark)) this.#advance(end);
  }

  /** A claim found this very state: only the watermark may have been moved meanwhile. */
  resume(progress: Progress): void {
    this.#rewrite = progress.rewrite ?? null;
    this.watermark = latest(this.watermark, progress.watermark);
    this.#close();
  }

  /** Begins a silent read of what other runs committed, from this state's offset on, or goes on with one. */
  beginSilentRead(progress: Progress): void {
    this.number = progress.number;
    this.#silent ??= { lost: 0 };
    this.#rewrite = progress.rewrite ?? null;
    this.#advances = progress.advances;
    this.#applyAdvance();
    this.#rows = [];
  }

  /** How far a silent read may go before {@link mergeSilently}: recorded advances come before the record at their offset. */
  silentUntil(committedOffset: number): number {
    return (
      this.#advances.find(([offset]) => offset > this.offset && offset < committedOffset)?.[0] ??
      committedOffset
    );
  }

  /** Takes a batch of a silent read: it was counted, judged and written before. */
  mergeSilently(batch: Batch<Partial>): void {
    this.#silent = { lost: this.#silent!.lost + batch.counters.skipped };
    this.merge({ ...batch, advance: null, rejects: [], counters: NO_RECORDS, caughtUp: null });
    this.#rows = [];
  }

  /** The end of a silent read: from here on the run is where the last commit left the partition. */
  adopt(progress: Progress): void {
    if (this.offset !== progress.offset)
      throw new RangeError(`at offset ${this.offset}, committed is ${progress.offset}`);
    this.number = progress.number;
    this.watermark = progress.watermark ?? this.watermark;
    if (progress.sources) this.#open.sources?.adopt(progress.sources);
    this.#close();
    this.#rows = []; // whatever is final by now was written by the commits that this read went through
    this.counters = { ...progress.counters, skipped: progress.counters.skipped + this.#silent!.lost };
    this.#silent = null;
    this.#advances = progress.advances;
    this.#endsUntil = latest(progress.endsUntil, this.#open.lastEnd());
    this.caughtUp = null;
    this.#written = { at: 0, offset: progress.offset, watermark: progress.watermark, caughtUp: null };
  }

  /** Whether something has to be written now (docs/semantics.md, commit). */
  due(now: Instant): boolean {
    if (this.#rows.length > 0 || this.#rejects.length > 0) return true;
    const caughtUp = this.caughtUp !== null;
    if (caughtUp !== this.#written.caughtUp && (caughtUp || this.uncommitted)) return true;
    if (this.#passedPossibleEnd()) return true;
    return this.caughtUp !== null && this.uncommitted && now - this.#written.at >= COMMIT_EVERY_MS;
  }

  /** Whether the state is ahead of the last commit. */
  get uncommitted(): boolean {
    return this.offset !== this.#written.offset || this.watermark !== this.#written.watermark;
  }

  /** What is read next was read by older epochs; null where it was not. */
  get reread(): Reread | null {
    return rereadOf({ rewrite: this.#rewrite, offset: this.offset, advances: this.#advances });
  }

  /** A replay that is not over yet, as far as it is committed. */
  get rewrite(): Rewrite | null {
    return isRewriting(this.#rewrite, this.#written) ? this.#rewrite : null;
  }

  commit(): Commit<Row[]> {
    const rebuildFrom = this.#rebuildFrom();
    this.#advances = this.#advances.filter(([offset]) => offset >= rebuildFrom);
    return {
      expects: this.number,
      offset: this.offset,
      watermark: this.watermark,
      rebuildFrom,
      counters: this.counters,
      advances: this.#advances,
      caughtUpSince: this.caughtUp?.since ?? null,
      endsUntil: this.#endsUntil,
      sources: this.sources,
      longestMs: this.#longestMs(),
      replaced: replacedBy(this.#rewrite, this.#written, this),
      rows: this.#rows,
      rejects: this.#rejects,
    };
  }

  committed(now: Instant): void {
    this.number++;
    this.#rows = [];
    this.#rejects = [];
    this.#written = {
      at: now,
      offset: this.offset,
      watermark: this.watermark,
      caughtUp: this.caughtUp !== null,
    };
  }

  /** The earliest end of anything open. */
  nextEnd(): Instant | null {
    return this.#open.nextEnd();
  }

  /** The latest end of anything open. */
  openUntil(): Instant | null {
    return this.#open.lastEnd();
  }

  /** Plain JSON for the next run; only between commits, when nothing waits to be written, or between the batches of a silent read. */
  carry(): Carried<Partial> {
    if (this.#rows.length > 0 || this.#rejects.length > 0) throw new RangeError('rows wait to be committed');
    return {
      number: this.number,
      offset: this.offset,
      watermark: this.watermark,
      rebuildFrom: this.#rebuildFrom(),
      counters: this.counters,
      advances: this.#advances,
      endsUntil: this.#endsUntil,
      caughtUp: this.caughtUp,
      open: this.#open.snapshot(),
      written: this.#written,
      silent: this.#silent,
    };
  }

  #applyAdvance(): void {
    const recorded = this.#advances.find(([offset]) => offset === this.offset);
    if (!recorded) return;
    this.watermark = latest(this.watermark, recorded[1]);
    this.#close();
  }

  #longestMs(): number {
    let longest = 0;
    for (const row of this.#rows) {
      const { start, end } = this.#operator.spanOf(row);
      if (end - start > longest) longest = end - start;
    }
    return longest;
  }

  #rebuildFrom(): number {
    return this.#open.rebuildFrom(this.watermark) ?? this.offset;
  }

  #passedPossibleEnd(): boolean {
    if (this.watermark === null) return false;
    const before = this.#written.watermark;
    if (before === null) return true;
    const end = this.#operator.nextPossibleEnd(before);
    return end !== null && end <= this.watermark;
  }

  #advance(watermark: Instant): void {
    this.watermark = latest(this.watermark, watermark);
    const last = this.#advances.at(-1);
    if (last?.[0] === this.offset) this.#advances = this.#advances.slice(0, -1);
    this.#advances = [...this.#advances, [this.offset, this.watermark!]];
    this.#close();
  }

  #close(): void {
    this.#endsUntil = latest(this.#endsUntil, this.#open.lastEnd());
    if (this.watermark === null) return;
    const { rows, duplicates } = this.#open.close(this.watermark);
    const after = this.#rewrite?.writeAfter ?? null;
    for (const row of rows) {
      // What ends before the part that is written again stays as it is.
      if (after === null || this.#operator.spanOf(row).end > after) this.#rows.push(row);
    }
    if (duplicates > 0) {
      const { accepted, duplicate } = this.counters;
      this.counters = {
        ...this.counters,
        accepted: accepted - duplicates,
        duplicate: duplicate + duplicates,
      };
    }
  }
}
