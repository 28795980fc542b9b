import { once, setMaxListeners } from 'node:events';

/**
 * How a worker that stops leaves its partitions to others. Temporal may still hand a workflow task to a worker in the moment in which it
 * stops asking for them: that one is lost, and waited for as after a crash. Workflow tasks follow polls. So these are held first, and
 * return with what they have when no task is asked for any more: another worker gets the task, commits, and polls. (An activity that
 * fails instead is tried again by a timer of the server, and no timer of a server goes off within a second.)
 */
export class Handover {
  readonly #giveBack = new AbortController();
  #begun = false;

  constructor() {
    setMaxListeners(0, this.givenBack); // each poll has one
  }

  get begun(): boolean {
    return this.#begun;
  }

  /** Aborts when polls are to return with what they have. */
  get givenBack(): AbortSignal {
    return this.#giveBack.signal;
  }

  /** From now on no poll returns what it has read. */
  hold(): void {
    this.#begun = true;
  }

  /** All polls return. */
  giveBack(): void {
    this.#begun = true;
    this.#giveBack.abort();
  }

  /** Resolves at once with false; but where polls are held, with true when they are given back. */
  async passing(): Promise<boolean> {
    if (this.#begun && !this.givenBack.aborted) await once(this.givenBack, 'abort');
    return this.#begun;
  }
}

/**
 * What `work` gives; null when `signal` aborts before, and nobody waits for the work any more. Unlike a race with a promise that lives as
 * long as the process, it keeps nothing once it is over.
 */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | null> {
  if (signal.aborted) {
    work.catch(() => undefined);
    return Promise.resolve(null);
  }
  return new Promise((resolve, reject) => {
    const stop = (): void => resolve(null);
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
