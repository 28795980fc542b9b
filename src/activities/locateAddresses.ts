import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { withFailures } from './failures.js';
import { startHeartbeats } from './heartbeats.js';
import { locateQueue, type LocateDependencies, type LocateReport } from './locateQueue.js';

const HEARTBEAT_EVERY_MS = 2000;

export function createLocateAddresses(dependencies: LocateDependencies | null) {
  /** {@link locateQueue} with heartbeats; ends when it is cancelled, after the request that is under way: its answer is not thrown away. */
  return async (before: LocateReport | null): Promise<LocateReport> => {
    if (dependencies === null) {
      throw ApplicationFailure.create({
        message: 'This worker has neither GEOIP_MMDB nor IP2LOCATION_KEY: another worker has to do it',
        type: 'NotConfigured',
        nextRetryDelay: '10s',
      });
    }
    const activity = Context.current();
    const stopHeartbeats = startHeartbeats(HEARTBEAT_EVERY_MS);
    try {
      return await withFailures(() =>
        locateQueue(before, dependencies, {
          now: Date.now,
          sleep: (ms) => activity.sleep(ms),
          stopped: () => activity.cancellationSignal.aborted,
        }),
      );
    } finally {
      stopHeartbeats();
    }
  };
}
