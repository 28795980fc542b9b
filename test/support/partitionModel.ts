/**
 * A partition workflow without Temporal: the calls that src/workflows/{partition,partitionRun}.ts make of PartitionState, in their order,
 * over a log and a database in memory. Also what Temporal does when a run ends: the input of the next.
 */
import { afterClaim } from '../../src/domain/claim.js';
import { BatchFold } from '../../src/domain/fold.js';
import { latest, type Instant } from '../../src/domain/instant.js';
import type { Advance, Batch, Carried, Progress, Reject } from '../../src/domain/commit.js';
import { PartitionState } from '../../src/domain/partitionState.js';
import { caughtUpAt, type CaughtUp } from '../../src/domain/quietClock.js';
import { Fenced } from '../../src/io/postgres/commit.js';
import type { Operator } from '../../src/domain/operator.js';
import type { Hit, HitRow } from '../../src/pipelines/hits/counts.js';
import type { Job } from '../../src/pipelines/job.js';
import { asJson, type ModelCommit, type ProgressTable } from './progressTable.js';
import type { ModelRecord } from './reference.js';

interface RunInput<Partial> {
  state: Carried<Partial> | null;
  fenced: number;
  /** Every advance since the beginning: the state forgets old ones, the reference needs them. */
  allAdvances: Advance[];
}

export interface PollStep {
  most: number;
  /** Where an empty fetch, before the records, moved the watermark to. */
  advance?: Instant | null;
  /** The quiet clock after that fetch; left out: the partition is caught up at the end of the log. */
  caughtUp?: CaughtUp;
}

const FENCED_AT_MOST = 3;
/** Then it goes on in another run, in its middle. */
const SILENT_BATCHES_A_RUN = 3;

/** What a partition needs of {@link ProgressTable} or of a table with epochs. */
export type ModelTable<Row> = Pick<ProgressTable<Row>, 'claim' | 'commit' | 'rejectedOffsets'> & {
  standing(partition: number): { allAdvances: Advance[] };
  /** Offsets from `from` on that older epochs have found late. */
  lateBefore?(from: number): Set<number>;
};

export interface ModelOptions<Partial, Item, Row> {
  job: Pick<Job, 'delayMs' | 'futureGuardMs'>;
  operator: Operator<Item, Partial, Row>;
  itemOf: (record: ModelRecord) => Item;
  partition: number;
  table: ModelTable<Row>;
  log: ModelRecord[];
}

export function hitOf({ host }: ModelRecord): Hit {
  return { host, referrer: null };
}

export class PartitionModel<Partial, Item = Hit, Row = HitRow> {
  readonly log: ModelRecord[];
  now: Instant = 1_000_000;
  state!: PartitionState<Partial, Row>;
  allAdvances: Advance[] = [];
  /** Every commit that was ever tried, by whom: what a zombie may send again. */
  readonly sent: { owner: string; commit: ModelCommit<Row> }[] = [];
  /** What happens to the answer of the next commit. */
  nextAnswer: 'arrives' | 'lost' | 'lost and fenced' = 'arrives';
  #job: Pick<Job, 'delayMs' | 'futureGuardMs'>;
  readonly #operator: Operator<Item, Partial, Row>;
  readonly #itemOf: (record: ModelRecord) => Item;
  readonly #partition: number;
  readonly #table: ModelTable<Row>;
  #runs = 0;
  #silentBatches = 0;
  #input: RunInput<Partial> = { state: null, fenced: 0, allAdvances: [] };
  #fenced = 0;

  constructor({ job, operator, itemOf, partition, table, log }: ModelOptions<Partial, Item, Row>) {
    this.log = log;
    this.#job = job;
    this.#operator = operator;
    this.#itemOf = itemOf;
    this.#partition = partition;
    this.#table = table;
    this.#start(this.#input);
  }

  // What Temporal does.

  continueAsNew(): void {
    if (this.state.uncommitted || this.state.due(this.now)) this.#commit();
    this.#start({ state: this.state.carry(), fenced: this.#fenced, allAdvances: this.allAdvances });
  }

  /** The retry policy starts a run with the input of the last one. */
  timeOut(): void {
    this.#start(this.#input);
  }

  terminate(): void {
    this.#start({ state: null, fenced: 0, allAdvances: [] });
  }

  /** A new epoch has begun: nothing of the old one counts any more. */
  beginEpoch(job: Pick<Job, 'delayMs' | 'futureGuardMs'>): void {
    this.#job = job;
    this.terminate();
  }

  // What other runs do that should be dead.

  /** A third time in a row would fail the run, and should: then it does not happen. */
  zombieClaim(): void {
    if (this.#fenced < FENCED_AT_MOST - 1) this.#table.claim(this.#partition, 'a dead run');
  }

  zombieCommit(nth: number): void {
    const zombie = this.sent[nth % this.sent.length];
    if (zombie === undefined) return;
    try {
      this.#table.commit(this.#partition, zombie.owner, zombie.commit);
    } catch (error) {
      if (!(error instanceof Fenced)) throw error;
    }
  }

  // What the run does.

  /** A poll whose result comes back, and the commit that it makes due. */
  poll(step: PollStep): void {
    const batch = this.#polled(step);
    if (batch.advance !== null) this.allAdvances = [...this.allAdvances, [batch.from, batch.advance]];
    this.state.merge(batch);
    if (this.state.due(this.now)) this.#commit();
  }

  /** A poll that did its work and whose result nobody hears. */
  lostPoll(step: PollStep): void {
    this.#polled(step);
  }

  /** End of input: everything is read by now. */
  finish(end: Instant | null): void {
    if (end !== null && (this.state.watermark === null || end > this.state.watermark)) {
      this.allAdvances = [...this.allAdvances, [this.state.offset, end]];
    }
    this.state.finish(end);
    if (this.state.uncommitted || this.state.due(this.now)) this.#commit();
  }

  #start(input: RunInput<Partial>): void {
    this.#runs++;
    this.#input = asJson(input);
    this.#fenced = this.#input.fenced;
    this.#takeOver();
  }

  get #owner(): string {
    return `run ${this.#runs}`;
  }

  #takeOver(): void {
    const operator = this.#operator;
    const { state: own } = asJson(this.#input);
    const progress = this.#table.claim(this.#partition, this.#owner);
    const continuation = afterClaim(own, progress);
    this.state =
      own === null || continuation === 'rebuild'
        ? PartitionState.rebuilding(operator, progress)
        : PartitionState.carried(operator, own);
    this.allAdvances = this.#input.allAdvances;
    if (continuation === 'as-is') this.state.resume(progress);
    else this.#readSilently(progress);
  }

  #readSilently(progress: Progress): void {
    this.state.beginSilentRead(progress);
    while (this.state.offset < progress.offset) {
      const until = this.state.silentUntil(progress.offset);
      this.state.mergeSilently(this.#silentlyPolled(until));
      if (this.state.offset >= progress.offset || ++this.#silentBatches % SILENT_BATCHES_A_RUN !== 0)
        continue;
      this.#start({ state: this.state.carry(), fenced: this.#fenced, allAdvances: [] });
      return;
    }
    this.state.adopt(progress);
    this.allAdvances = this.#table.standing(this.#partition).allAdvances;
  }

  #commit(): void {
    for (;;) {
      try {
        this.#write({ ...this.state.commit(), allAdvances: this.allAdvances });
        this.state.committed(this.now);
        this.#fenced = 0;
        return;
      } catch (error) {
        if (!(error instanceof Fenced) || ++this.#fenced >= FENCED_AT_MOST) throw error;
      }
      const { number } = this.#table.claim(this.#partition, this.#owner);
      if (number !== this.state.number) {
        this.#start({ state: null, fenced: this.#fenced, allAdvances: [] });
        return;
      }
    }
  }

  #write(commit: ModelCommit<Row>): void {
    const sent = asJson(commit);
    this.sent.push({ owner: this.#owner, commit: sent });
    const answer = this.nextAnswer;
    this.nextAnswer = 'arrives';
    this.#table.commit(this.#partition, this.#owner, sent);
    if (answer === 'arrives') return;
    if (answer === 'lost and fenced') this.zombieClaim();
    this.#table.commit(this.#partition, this.#owner, sent); // the activity's next attempt
  }

  #polled({ most, advance = null, caughtUp }: PollStep): Batch<Partial> {
    const { offset, watermark } = this.state;
    const fold = this.#fold(latest(watermark, advance), false);
    const rejects: Reject[] = [];
    const { reread } = this.state;
    const next = Math.min(offset + most, this.log.length, reread?.until ?? Infinity);
    const lateBefore = reread === null ? null : this.#table.lateBefore!(offset);
    for (let at = offset; at < next; at++) {
      const before = reread?.before ?? null;
      const isKept =
        lateBefore?.has(at) && before !== null && this.#operator.isLate(this.log[at]!.time, before);
      const reason = isKept ? 'late' : this.#add(fold, at);
      if (reason !== null) {
        const { timestampMs } = this.log[at]!;
        rejects.push({ offset: at, reason, timestampMs, key: null, value: null, valueBytes: null });
      }
    }
    const atEnd = next === this.log.length;
    return this.#batch(fold, {
      next,
      advance,
      rejects,
      caughtUp: atEnd ? (caughtUp ?? caughtUpAt(this.now)) : null,
    });
  }

  #silentlyPolled(until: number): Batch<Partial> {
    const { offset, watermark } = this.state;
    const leaveOut = this.#table.rejectedOffsets(this.#partition, { from: offset, until });
    const fold = this.#fold(watermark, true);
    const next = Math.min(offset + 2, until); // several batches, as a limit would cut them
    for (let at = offset; at < next; at++) if (!leaveOut.has(at)) this.#add(fold, at);
    return this.#batch(fold, { next, advance: null, rejects: [], caughtUp: null });
  }

  #fold(watermark: Instant | null, silent: boolean): BatchFold<Item, Partial> {
    const { delayMs, futureGuardMs } = this.#job;
    return new BatchFold({ operator: this.#operator, delayMs, futureGuardMs, watermark, silent });
  }

  #add(fold: BatchFold<Item, Partial>, offset: number): string | null {
    const record = this.log[offset]!;
    const { time, timestampMs, reason } = record;
    const item = this.#itemOf(record);
    return fold.add({ offset, timestampMs }, reason === null ? { reason, time, item } : { reason });
  }

  #batch(
    { watermark, counters, gathering }: BatchFold<Item, Partial>,
    rest: Pick<Batch<Partial>, 'next' | 'advance' | 'rejects' | 'caughtUp'>,
  ): Batch<Partial> {
    const partial = gathering.partial();
    return asJson({ from: this.state.offset, watermark, counters, partial, ...rest });
  }
}
