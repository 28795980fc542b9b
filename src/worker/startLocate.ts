/** The workflow that works the queue of addresses: whichever worker comes first starts it, for all. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { locate } from '../workflows/index.js';

export const LOCATE_ID = 'weir/locate'; // no job's: a job's name has no "/" in it, and a partition's ends in a number
const AGAIN_MS = 5000;

/**
 * Starts it in the background, unless it is running, and tries again while that does not work; a worker does its other work all the
 * same. Returns what ends the trying.
 */
export function startLocate(
  client: Pick<Client, 'workflow'>,
  {
    taskQueue,
    log,
    againMs = AGAIN_MS,
  }: { taskQueue: string; log: (line: string) => void; againMs?: number },
): () => Promise<void> {
  const stop = new AbortController();
  const trying = (async () => {
    for (let said = ''; !stop.signal.aborted;) {
      try {
        await client.workflow.start<typeof locate>('locate', {
          workflowId: LOCATE_ID,
          taskQueue,
          args: [null],
          workflowIdConflictPolicy: 'USE_EXISTING',
          staticSummary: 'locations of addresses',
        });
        return;
      } catch (error) {
        const { message } = error as Error;
        if (message !== said) log(`${LOCATE_ID} cannot be started yet: ${message}`);
        said = message;
        await sleep(againMs, undefined, { signal: stop.signal }).catch(() => undefined);
      }
    }
  })();
  return async () => {
    stop.abort();
    await trying;
  };
}
