import { ApplicationFailure } from '@temporalio/common';

/** Another worker goes on soon. */
const AGAIN_AFTER = '50ms';

/**
 * How a worker that stops leaves its partitions to others. Temporal may still hand a workflow task to a worker in the moment in which it
 * stops asking for them: that one is lost, and waited for as after a crash. Workflow tasks follow polls. So these are held first, given
 * back when no task is asked for any more, and tried again by another worker. A poll has no side effects: what was read is read again.
 */
export class Handover {
  /** Rejects when the worker gives its polls back. */
  readonly givenBack: Promise<never>;
  #giveBack!: (why: ApplicationFailure) => void;
  #begun = false;

  constructor() {
    this.givenBack = new Promise((_, reject) => (this.#giveBack = reject));
    this.givenBack.catch(() => {}); // there may be no poll
  }

  get begun(): boolean {
    return this.#begun;
  }

  /** From now on no poll returns. */
  hold(): void {
    this.#begun = true;
  }

  /** All polls fail, and are tried again. */
  giveBack(): void {
    this.#begun = true;
    const why = { message: 'its worker stops', type: 'WorkerStops', nextRetryDelay: AGAIN_AFTER } as const;
    // As is expected: no warning, no failure in metrics.
    this.#giveBack(ApplicationFailure.create({ ...why, category: 'BENIGN' }));
  }

  /** Resolves at once; but where polls are held, rejects when they are given back. */
  async passing(): Promise<void> {
    if (this.#begun) await this.givenBack;
  }
}
