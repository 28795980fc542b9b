import { CancellationScope, isCancellation, setHandler } from '@temporalio/workflow';
import type { Job } from '../pipelines/job.js';
import { configure, drainPartition, finish, type DrainPartition, type Finish } from './messages.js';

/**
 * What a job wants of a partition. A wish cuts the poll short, which holds nothing, and the run continues as new at once with the wish
 * in its input: a signal that a run has handled is forgotten when that run times out.
 */
export class Wishes {
  job: Job;
  drain: DrainPartition | null;
  finish: Finish | null = null;
  changed = false;
  #poll: CancellationScope | null = null;

  constructor({ job, drain }: { job: Job; drain: DrainPartition | null }) {
    this.job = job;
    this.drain = drain;
    setHandler(
      drainPartition,
      (wish) => {
        // Said again to who may have missed it; further, where an earlier drain was left unfinished.
        if (this.drain === null || wish.until > this.drain.until) this.#change(() => (this.drain = wish));
      },
      { description: 'End of input: read up to an offset, then wait for "finish"' },
    );
    setHandler(configure, (wanted) => this.#change(() => (this.job = wanted)), {
      description: 'Other batch limits and idle settings',
    });
    setHandler(finish, (wish) => void (this.finish = wish), {
      description: 'Close everything that is open and complete',
    });
  }

  /** Runs `poll` until it ends or a wish comes. */
  async interruptible(poll: () => Promise<void>): Promise<void> {
    if (this.changed) return;
    const scope = new CancellationScope();
    this.#poll = scope;
    try {
      await scope.run(poll);
    } catch (error) {
      if (!this.changed || !isCancellation(error) || CancellationScope.current().consideredCancelled)
        throw error;
    } finally {
      this.#poll = null;
    }
  }

  #change(apply: () => void): void {
    apply();
    this.changed = true;
    this.#poll?.cancel();
  }
}
