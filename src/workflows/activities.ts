/** The activities as workflows call them: time-outs and retries. A server that is away is waited for without end. */
import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.js';

const retry = { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '5s' } as const;

export const { startJob, describeTopic, surveyJob, claim } = proxyActivities<Activities>({
  startToCloseTimeout: '10s',
  retry,
});

/** Looks at tables that may be large, and at time stamps in Kafka: its heartbeats tell that its worker has not died meanwhile. */
export const { beginReplay } = proxyActivities<Activities>({
  startToCloseTimeout: '5m',
  heartbeatTimeout: '5s',
  retry,
});

/** Two seconds without a heartbeat: the worker is gone. TRY_CANCEL: a poll that is cancelled holds nothing, so nobody waits for its end. */
const heldByWorker = {
  startToCloseTimeout: '15m',
  heartbeatTimeout: '2s',
  cancellationType: 'TRY_CANCEL',
} as const;

/**
 * One whose worker is gone fails, and the workflow starts another (`unlessLost`): a retry would wait for a timer of the server, none of
 * which goes off within a second.
 */
export const { poll, pollTarget, relay } = proxyActivities<Activities>({
  ...heldByWorker,
  retry: { ...retry, nonRetryableErrorTypes: ['TemporalTimeout:Heartbeat'] },
});

export const { closeSource } = proxyActivities<Activities>({ ...heldByWorker, retry });

/** Stays inside for ten minutes when there is nothing to say. TRY_CANCEL: the request that is under way is nobody's to wait for. */
export const { locateAddresses } = proxyActivities<Activities>({
  startToCloseTimeout: '15m',
  heartbeatTimeout: '10s',
  cancellationType: 'TRY_CANCEL',
  retry,
});

/** In the workflow task: half the history of a regular activity, and a round trip less. */
export const { commit: commitLocally } = proxyLocalActivities<Activities>({
  startToCloseTimeout: '10s', // more for many rows: partitionRun.ts
  retry: { initialInterval: '100ms', maximumAttempts: 2 },
});

/** For commits that are too large for history: they stay in the worker, however long the database is away. */
export const { commit: commitPatiently } = proxyLocalActivities<Activities>({
  startToCloseTimeout: '1m',
  retry: { ...retry, maximumInterval: '2s' },
});

/** The same function where the local one failed: a database that is away shows as a pending activity with its error. */
export const { commit } = proxyActivities<Activities>({ startToCloseTimeout: '1m', retry });
