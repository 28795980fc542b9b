import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from '@temporalio/worker';
import type { Handover } from '../activities/handover.js';

/** Workflow tasks that are under way, and the commits in them, are done by then. */
const HELD_MS = 200;
/** What asks Temporal for tasks has ended by then. */
const STOPPED_MS = 100;

/** At SIGINT or SIGTERM, lets a running worker leave its partitions to others, and stop. A second signal of the kind ends the process. */
export function stopOnSignal(worker: Pick<Worker, 'shutdown'>, handover: Handover): void {
  const stop = async (): Promise<void> => {
    if (handover.begun) return;
    handover.hold();
    await sleep(HELD_MS);
    try {
      worker.shutdown();
    } catch {
      // It stops by itself already, for a reason that is said elsewhere.
    }
    await sleep(STOPPED_MS);
    handover.giveBack();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());
}
