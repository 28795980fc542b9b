/**
 * One run of a source of a regrouping: its state is what `weir.progress` holds, and all work is in one activity, which reads, publishes and
 * commits batch after batch.
 */
import { continueAsNew, workflowInfo } from '@temporalio/workflow';
import type { RelayFor } from '../activities/relayActivity.js';
import type { CaughtUpAt, RelayInput } from '../activities/relay.js';
import type { Instant } from '../domain/instant.js';
import type { Progress } from '../domain/commit.js';
import { RecentRates } from '../domain/recentRates.js';
import { RejectedShare } from '../domain/rejectedShare.js';
import { openUntil } from '../domain/commit.js';
import type { RegroupingJob } from '../pipelines/job.js';
import { claim, closeSource, relay } from './activities.js';
import { goingOn } from './epoch.js';
import { isFailure, unlessLost } from './failures.js';
import type { PartitionResult, Reached } from './messages.js';
import { keyOf, type PartitionInput } from './partitionInput.js';
import { FENCED_AT_MOST, MAX_REJECTED, phaseOf, type Run, type RunOptions, type Shown } from './run.js';
import { seenBy } from './seen.js';

/** An idle activity stays inside this long. */
const STAY_MS = 600_000;

export class SourceRun implements Run {
  readonly input: PartitionInput;
  readonly #owner = workflowInfo().runId;
  readonly #options: RunOptions;
  #progress!: Progress;
  #caughtUp: CaughtUpAt | null;
  #endOffset: number | null;
  #fenced: number;
  #paused: string | null = null;
  #share!: RejectedShare;
  readonly #rates: RecentRates;

  constructor(input: PartitionInput, options: RunOptions) {
    this.input = input;
    this.#options = options;
    this.#caughtUp = input.caughtUp ?? null;
    this.#fenced = input.fenced;
    this.#endOffset = input.seen?.endOffset ?? null;
    this.#rates = new RecentRates(Date.now(), input.seen?.rates);
  }

  async takeOver(): Promise<void> {
    const claimed = await claim(keyOf(this.input), this.#owner, this.input.paused);
    const { paused } = this.#options.wishes;
    this.#progress = await goingOn({ input: this.input, paused }, claimed);
    this.#paused = this.#progress.paused ?? null;
    this.#share = new RejectedShare(this.#progress.counters, this.input.seen?.share);
  }

  async poll(): Promise<void> {
    const stayMs = Math.max(0, Math.min(STAY_MS, this.#options.deadline - Date.now()));
    await this.#unlessFenced(async () => {
      const summary = `partition ${this.input.partition} from ${this.#progress.offset}`;
      const result = await unlessLost(
        relay.executeWithOptions({ summary }, [this.#ask(), this.#relayInput(stayMs)]),
      );
      if (result === null) return;
      const read = result.progress.counters.read - this.#progress.counters.read;
      this.#rates.add(Date.now(), { read });
      this.#progress = result.progress;
      this.#caughtUp = { number: result.progress.number, caughtUp: result.caughtUp };
      this.#endOffset = result.endOffset ?? this.#endOffset;
    });
  }

  /** Everything is committed where it was read. */
  commitIfDue(): Promise<void> {
    return Promise.resolve();
  }

  commitAll(): Promise<void> {
    return Promise.resolve();
  }

  readAll(): boolean {
    const { drain } = this.input;
    const { offset, pending = null } = this.#progress;
    return drain !== null && offset >= drain.until && pending === null;
  }

  paused(): string | null {
    return this.#paused;
  }

  whyStop(): string | null {
    return this.#share.whyStop(this.#progress.counters, this.input.job.maxRejected ?? MAX_REJECTED);
  }

  over(): boolean {
    return Date.now() >= this.#options.deadline || workflowInfo().continueAsNewSuggested;
  }

  nextInput(): Promise<PartitionInput> {
    const { wishes } = this.#options;
    const { job, drain, paused } = wishes;
    const { input } = this;
    const seen = seenBy(wishes, { endOffset: this.#endOffset, rates: this.#rates, share: this.#share });
    return Promise.resolve({
      ...input,
      job,
      drain,
      paused,
      caughtUp: this.#caughtUp,
      seen,
      fenced: this.#fenced,
    });
  }

  standing(): Reached {
    const { watermark } = this.#progress;
    const { epoch, partition, drain } = this.input;
    return { epoch, partition, until: drain!.until, watermark, openUntil: openUntil(this.#progress) };
  }

  async finish(end: Instant | null): Promise<PartitionResult> {
    await this.#unlessFenced(async () => {
      this.#progress = await closeSource(this.#ask(), this.#relayInput(0), end);
    });
    const { offset, counters } = this.#progress;
    return { partition: this.input.partition, offset, counters };
  }

  shown(): Shown | null {
    if (this.#progress === undefined) return null;
    const { offset, watermark, counters, number, rewrite: begun = null } = this.#progress;
    // Its results are the targets': a source is done once it has read what was read before.
    const rewrite = begun !== null && offset < begun.untilOffset ? begun : null;
    return {
      phase: phaseOf(this, rewrite),
      paused: this.#paused,
      replayUntil: rewrite?.until ?? null,
      offset,
      endOffset: this.#endOffset,
      watermark,
      openUntil: openUntil(this.#progress),
      open: null,
      stateBytes: null,
      rates: this.#rates.perSecond(),
      caughtUpSince: this.#caughtUp?.caughtUp?.since ?? null,
      commits: number,
      counters,
    };
  }

  /** Nothing is held open here. */
  measuredBytes(): null {
    return null;
  }

  /** A dead run's claim may have come late: this one claims again, and the next call finds how far it is. */
  async #unlessFenced(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#fenced = 0;
    } catch (error) {
      if (!isFailure(error, 'Fenced') || ++this.#fenced >= FENCED_AT_MOST) throw error;
      await continueAsNew<(input: PartitionInput) => Promise<PartitionResult>>(await this.nextInput());
    }
  }

  #relayInput(stayMs: number): RelayInput {
    const { job, partition, regroup, drain } = this.input;
    return {
      job: job as RegroupingJob,
      partition,
      targets: regroup!.targets,
      until: drain?.until ?? null,
      caughtUp: this.#caughtUp,
      stayMs,
    };
  }

  #ask(): RelayFor {
    return { key: keyOf(this.input), owner: this.#owner, topic: this.input.regroup!.topic };
  }
}
