/**
 * Looks after the addresses whose location is unknown: one for all jobs, started by the workers, without an end. Addresses never come
 * here: an activity works the queue, and returns when there is something to show.
 */
import { continueAsNew, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import type { LocateReport } from '../activities/locateQueue.js';
import { locateAddresses } from './activities.js';
import { locateDetails, locateProgress } from './locateDetails.js';
import { progress } from './messages.js';

export async function locate(carried: LocateReport | null = null): Promise<never> {
  let report = carried;
  setHandler(progress, () => locateProgress(report), { description: 'How the queue of addresses stands' });
  for (;;) {
    setCurrentDetails(locateDetails(report));
    report = await locateAddresses(report);
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof locate>(report);
  }
}
