/** One run of a partition workflow: carries out what {@link PartitionState} decides. */
import { continueAsNew, patched, workflowInfo } from '@temporalio/workflow';
import type { PollResult } from '../activities/poll.js';
import { afterClaim } from '../domain/claim.js';
import type { Instant } from '../domain/instant.js';
import type { Progress } from '../domain/commit.js';
import type { Stage } from '../domain/member.js';
import { RejectedShare } from '../domain/rejectedShare.js';
import { PartitionState } from '../domain/partitionState.js';
import { RecentRates } from '../domain/recentRates.js';
import { packRows, stateOperatorOf, type JobPartial, type JobRow } from '../pipelines/operators.js';
import { claim, commit, commitLocally, commitPatiently } from './activities.js';
import { goingOn } from './epoch.js';
import { isFailure, isFinal, unlessLost } from './failures.js';
import { isAtMost, sizeUpTo } from './jsonSize.js';
import type { PartitionResult, Reached } from './messages.js';
import { keyOf, type PartitionInput } from './partitionInput.js';
import { pollOf, type PollHow } from './pollOf.js';
import { FENCED_AT_MOST, MAX_REJECTED, phaseOf, type Run, type RunOptions, type Shown } from './run.js';
import { seenBy } from './seen.js';
import type { Wishes } from './wishes.js';

/** An idle poll stays inside this long. */
const STAY_MS = 600_000;
/** A state whose JSON is longer is not carried: the next run rebuilds it from the log. Carrying it has to fit into a workflow task. */
const CARRIED_AT_MOST = 30_000_000;
/**
 * A run ends after so many events, where what it hands on is not larger than what it has left in history: whoever takes over repeats all
 * that it did, at one or two milliseconds an event, and often several partitions at once.
 */
const SHORT_RUN_EVENTS = 200;
/**
 * A run whose state cannot be carried lives until its history is this large, or each would do nothing but rebuild. A replay of it has to
 * fit into a workflow task.
 */
const LARGE_HISTORY = { bytes: 24_000_000, events: 16_000 };
/** A commit may take this long, and longer where many rows became final together: a slow database writes some 20 in a millisecond. */
const COMMIT_MS = 10_000;
const ROWS_PER_MS = 5;
/** The input of a regular activity goes through Temporal's history, where a payload ends at 2 MiB. */
const REGULAR_COMMIT_AT_MOST = 1_000_000;
/** Patches: runs of builds before them that are under way go on as these did. */
const SILENT_READ_GOES_ON = 'silent-read-goes-on';
const SHORT_RUNS = 'short-runs';
const GIVEN_BACK_IS_COMMITTED = 'given-back-is-committed';

export class PartitionRun implements Run {
  readonly input: PartitionInput;
  /** The end of what could be read at the last poll; null where there was none since a pause. */
  endOffset: number | null;
  /** Set by {@link takeOver}. */
  state!: PartitionState<JobPartial, JobRow>;
  readonly #owner = workflowInfo().runId;
  readonly #deadline: Instant;
  readonly #wishes: Wishes;
  #fenced: number;
  #paused: string | null = null;
  #share!: RejectedShare;
  #stateBytes: number;
  /** Whether it reads again what was committed. */
  #rebuilding = false;
  readonly #rates: RecentRates;
  /** The last poll's worker stops: what it has read is committed at once. */
  #givenBack = false;
  /** The last poll was lost with its worker: the next one does not linger. */
  #hurried = false;
  /** At so many events it is looked at whether to hand on. */
  #lookAt = SHORT_RUN_EVENTS;
  /** Looked at once, when Temporal suggests a new run. */
  #carriable: boolean | undefined;

  constructor(input: PartitionInput, { wishes, deadline }: RunOptions) {
    this.input = input;
    this.#wishes = wishes;
    this.#deadline = deadline;
    this.#fenced = input.fenced;
    this.#stateBytes = input.stateBytes ?? 0;
    this.endOffset = input.seen?.endOffset ?? null;
    this.#rates = new RecentRates(Date.now(), input.seen?.rates);
  }

  /** Claims the partition and goes on where the last commit left it (docs/semantics.md, claim). */
  async takeOver(): Promise<void> {
    const operator = stateOperatorOf(this.input.job, this.#stage);
    const { state: own } = this.input;
    const progress = await this.#claim();
    this.#paused = progress.paused ?? null;
    const continuation = afterClaim(own, progress);
    // What is read again is counted again.
    const seen = continuation === 'rebuild' ? undefined : this.input.seen;
    this.#share = new RejectedShare(progress.counters, seen?.share);
    this.state =
      own === null || continuation === 'rebuild'
        ? PartitionState.rebuilding(operator, progress)
        : PartitionState.carried(operator, own);
    if (continuation === 'as-is') this.state.resume(progress);
    else await this.#readSilently(progress);
  }

  /** Reads and merges one batch; nothing where its worker is gone. */
  async poll(): Promise<void> {
    const stayMs = Math.max(0, Math.min(STAY_MS, this.#deadline - Date.now()));
    const batch = await this.#poll({ silent: false, until: this.input.drain?.until ?? null, stayMs });
    if (batch === null) return;
    this.#givenBack = batch.givenBack === true;
    this.state.merge(batch);
    // A target reads messages, whose records were counted before.
    this.#rates.add(Date.now(), { read: this.#stage === 1 ? batch.counters.read : batch.next - batch.from });
  }

  async commitIfDue(): Promise<void> {
    if (this.#givenBack && patched(GIVEN_BACK_IS_COMMITTED)) await this.commitAll();
    else if (this.state.due(Date.now())) await this.#commit();
  }

  paused(): string | null {
    return this.#paused;
  }

  whyStop(): string | null {
    return this.#share.whyStop(this.state.counters, this.input.job.maxRejected ?? MAX_REJECTED);
  }

  shown(): Shown | null {
    const { state } = this;
    if (state === undefined) return null;
    const { offset, watermark, number: commits, counters } = state;
    return {
      phase: this.#rebuilding ? 'rebuilding' : phaseOf(this, state.rewrite),
      paused: this.#paused,
      replayUntil: state.rewrite?.until ?? null,
      offset,
      endOffset: this.endOffset,
      watermark,
      openUntil: state.openUntil(),
      open: state.size,
      stateBytes: this.#stateBytes || null,
      rates: this.#rates.perSecond(),
      caughtUpSince: state.caughtUp?.since ?? null,
      commits,
      counters,
    };
  }

  /** Measured as it is now, except while something waits to be written. */
  measuredBytes(): number | null {
    const { state } = this;
    const settled = state !== undefined && !state.due(Date.now());
    return settled ? sizeUpTo(CARRIED_AT_MOST, state.carry()) : this.#stateBytes || null;
  }

  /** Whether everything up to the end of a drain has been read. */
  readAll(): boolean {
    return this.input.drain !== null && this.state.offset >= this.input.drain.until;
  }

  /** Whether it is time to continue as new. */
  over(): boolean {
    if (Date.now() >= this.#deadline) return true;
    const { continueAsNewSuggested, historySize, historyLength } = workflowInfo();
    if (!continueAsNewSuggested) return this.#isLong();
    this.#carriable ??= isAtMost(CARRIED_AT_MOST, this.state.carry());
    return this.#carriable || historySize >= LARGE_HISTORY.bytes || historyLength >= LARGE_HISTORY.events;
  }

  /** Whether it has enough events, and may hand on what it has. */
  #isLong(): boolean {
    const { historySize, historyLength } = workflowInfo();
    if (historyLength < this.#lookAt) return false;
    this.#lookAt = historyLength + SHORT_RUN_EVENTS;
    return (
      historySize >= this.#stateBytes && isAtMost(CARRIED_AT_MOST, this.state.carry()) && patched(SHORT_RUNS)
    );
  }

  /** Commits what is not committed, and gives the next run its input. */
  async nextInput(): Promise<PartitionInput> {
    await this.commitAll();
    return this.#inputWith(this.#carried());
  }

  standing(): Reached {
    return {
      ...(this.#stage === 1 ? {} : { stage: this.#stage }),
      epoch: this.input.epoch,
      partition: this.input.partition,
      until: this.input.drain!.until,
      watermark: this.state.watermark,
      openUntil: this.state.openUntil(),
    };
  }

  /** End of input: closes and commits everything. */
  async finish(end: Instant | null): Promise<PartitionResult> {
    this.state.finish(end);
    await this.commitAll();
    const { offset, counters } = this.state;
    return { partition: this.input.partition, offset, counters };
  }

  async #readSilently(progress: Progress): Promise<void> {
    this.#rebuilding = true;
    this.state.beginSilentRead(progress);
    while (this.state.offset < progress.offset) {
      const until = this.state.silentUntil(progress.offset);
      const batch = await this.#poll({ silent: true, until, stayMs: STAY_MS });
      if (batch !== null) this.state.mergeSilently(batch);
      if (this.state.offset < progress.offset) await this.#goOnInAnotherRun();
    }
    this.state.adopt(progress);
    this.#rebuilding = false;
  }

  /** A silent read of a long log would pass what Temporal's history takes. A state that cannot be carried would begin it again. */
  async #goOnInAnotherRun(): Promise<void> {
    if (!this.over() || this.#carriable === false || !patched(SILENT_READ_GOES_ON)) return;
    const carried = this.#carried();
    if (carried === null) this.#carriable = false;
    else await this.#goOnWith(carried);
  }

  /** null: its worker is gone, and another may be asked. */
  async #poll(how: Omit<PollHow, 'hurried'>): Promise<PollResult | null> {
    const result = await unlessLost(pollOf(this.input, this.state, { ...how, hurried: this.#hurried }));
    this.#hurried = result === null;
    this.endOffset = result?.endOffset ?? this.endOffset;
    return result;
  }

  /** Commits what is not committed. */
  async commitAll(): Promise<void> {
    if (this.state.uncommitted || this.state.due(Date.now())) await this.#commit();
  }

  async #commit(): Promise<void> {
    for (;;) {
      try {
        await this.#write();
        this.state.committed(Date.now());
        this.#fenced = 0;
        return;
      } catch (error) {
        if (!isFailure(error, 'Fenced') || ++this.#fenced >= FENCED_AT_MOST) throw error;
      }
      // A dead run's claim may have come late: then the commit still fits. If it does not, others have moved on: read it from the log.
      const { number } = await this.#claim();
      if (number !== this.state.number) await this.#goOnWith(null);
    }
  }

  async #write(): Promise<void> {
    const { job } = this.input;
    const { rows, ...what } = this.state.commit();
    const commitOf = { ...what, rows: packRows(job, rows) };
    const state = { open: this.state.size, bytes: this.#stateBytes };
    const request = { ...keyOf(this.input), owner: this.#owner, topic: job.topic, commit: commitOf, state };
    const summary = `partition ${this.input.partition} to ${what.offset}: ${rows.length} rows`;
    const startToCloseTimeout = COMMIT_MS + rows.length / ROWS_PER_MS;
    try {
      await commitLocally.executeWithOptions({ summary, startToCloseTimeout }, [job.pipeline, request]);
    } catch (error) {
      if (isFinal(error)) throw error;
      const fits = JSON.stringify(request).length <= REGULAR_COMMIT_AT_MOST;
      const options = { summary, startToCloseTimeout: 6 * startToCloseTimeout };
      await (fits ? commit : commitPatiently).executeWithOptions(options, [job.pipeline, request]);
    }
    this.#rates.add(Date.now(), { rows: rows.length });
  }

  async #claim(): Promise<Progress> {
    const claimed = await claim(keyOf(this.input), this.#owner, this.input.paused);
    return goingOn({ input: this.input, paused: this.#wishes.paused }, claimed);
  }

  get #stage(): Stage {
    return this.input.stage ?? 1;
  }

  async #goOnWith(state: PartitionInput['state']): Promise<void> {
    await continueAsNew<(input: PartitionInput) => Promise<PartitionResult>>(this.#inputWith(state));
  }

  /** What is wished by now, whatever this run began with. */
  #inputWith(state: PartitionInput['state']): PartitionInput {
    const { job, drain, paused } = this.#wishes;
    const stateBytes = this.#stateBytes;
    const seen = seenBy(this.#wishes, { endOffset: this.endOffset, rates: this.#rates, share: this.#share });
    return { ...this.input, job, drain, paused, state, stateBytes, seen, fenced: this.#fenced };
  }

  #carried(): PartitionInput['state'] {
    const carried = this.state.carry();
    this.#stateBytes = sizeUpTo(CARRIED_AT_MOST, carried);
    return this.#stateBytes <= CARRIED_AT_MOST ? carried : null;
  }
}
