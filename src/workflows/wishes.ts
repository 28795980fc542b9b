import {
  ApplicationFailure,
  CancellationScope,
  getExternalWorkflowHandle,
  isCancellation,
  setHandler,
} from '@temporalio/workflow';
import type { Epoch } from '../activities/claim.js';
import type { Job } from '../pipelines/job.js';
import { sentTo } from './failures.js';
import * as messages from './messages.js';
import type { DrainPartition, Finish, PauseAccepted } from './messages.js';
import type { PartitionInput } from './partitionInput.js';

const PAUSED_BY_HAND = 'somebody paused it';

/**
 * What is wished of a partition, by its job or by people. A wish cuts the poll short, which holds nothing, and the run continues as new at
 * once with the wish in its input: a signal that a run has handled is forgotten when that run times out.
 */
export class Wishes {
  job: Job;
  drain: DrainPartition | null;
  /** Left out: nobody has said anything. */
  paused: string | null | undefined;
  finish: Finish | null = null;
  /** A replay has begun: what this run reads is nobody's any more. */
  newer: Epoch | null = null;
  changed = false;
  readonly #input: PartitionInput;
  #poll: CancellationScope | null = null;

  constructor(input: PartitionInput) {
    this.#input = input;
    this.job = input.job;
    this.drain = input.drain;
    setHandler(messages.drainPartition, (wish) => this.#wantDrain(wish), {
      description: 'From its job. People send it to the job',
    });
    setHandler(messages.configure, (wanted) => wanted && this.#change(() => (this.job = wanted)), {
      description: 'From its job: other batch limits and idle settings',
    });
    setHandler(messages.finish, (wish) => void (this.finish = wish ?? this.finish), {
      description: 'From its job: close everything that is open and complete',
    });
    setHandler(messages.beginEpoch, (epoch) => this.#begin(epoch), {
      description: 'From its job: a replay has begun',
    });
    this.#handlePause();
    this.#handleOfJob();
  }

  /** Runs `work` until it ends or a wish comes. */
  async interruptible(work: () => Promise<void>): Promise<void> {
    if (this.changed) return;
    const scope = new CancellationScope();
    this.#poll = scope;
    try {
      await scope.run(work);
    } catch (error) {
      if (!this.changed || !isCancellation(error) || CancellationScope.current().consideredCancelled)
        throw error;
    } finally {
      this.#poll = null;
    }
  }

  #handlePause(): void {
    setHandler(messages.pause, (why) => void this.pause(why ?? PAUSED_BY_HAND), {
      description: 'Read no further, until "resume"; what is open stays',
    });
    setHandler(messages.pauseUpdate, () => this.pause(PAUSED_BY_HAND), {
      description: 'The same, answered',
    });
    setHandler(messages.resume, () => void this.pause(null), { description: 'Read on' });
    setHandler(messages.resumeUpdate, () => this.pause(null), { description: 'The same, answered' });
  }

  /** Pauses the partition for a reason of its own, or takes note that it is to read on. */
  pause(why: string | null): PauseAccepted {
    this.#change(() => (this.paused = why));
    const { name, partition } = this.#input;
    return { job: name, paused: why !== null, partitions: [partition] };
  }

  /** What only a whole job can do: a replay is passed on to it, the rest is refused. */
  #handleOfJob(): void {
    const { name, stage = 1, partition } = this.#input;
    setHandler(
      messages.replay,
      async (request) => {
        const which = stage === 1 ? { partitions: [partition] } : {};
        await sentTo(
          getExternalWorkflowHandle(name).signal(messages.replay, { ...(request as object), ...which }),
        );
      },
      { description: 'Passed on to the job, for this partition' },
    );
    const refuse = (what: string): never => {
      throw ApplicationFailure.nonRetryable(
        `A partition cannot be ${what} by itself: ask job ${name} for it`,
      );
    };
    setHandler(messages.drainUpdate, () => refuse('drained'), { description: 'Only of a whole job' });
    setHandler(messages.replayUpdate, () => refuse('replayed'), {
      description: 'Ask the job, with {"partitions":[…]}',
    });
  }

  #wantDrain(wish: DrainPartition | undefined): void {
    // A partition that ended alone would hold the job's line for good: people drain jobs.
    if (typeof wish?.until !== 'number') return;
    // Said again to who may have missed it; further, where an earlier drain was left unfinished.
    if (this.drain === null || wish.until > this.drain.until) this.#change(() => (this.drain = wish));
  }

  #begin(epoch: Epoch | undefined): void {
    if (typeof epoch?.epoch !== 'number' || !epoch.job) return; // a person's, not the job's
    if (epoch.epoch > this.#input.epoch && epoch.epoch > (this.newer?.epoch ?? 0))
      this.#change(() => (this.newer = epoch));
  }

  #change(apply: () => void): void {
    apply();
    this.changed = true;
    this.#poll?.cancel();
  }
}
