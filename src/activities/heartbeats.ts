import { Context } from '@temporalio/activity';

/** The SDK sends fewer (maxHeartbeatThrottleInterval); a fetch that hangs must not look like a worker that died. */
const EVERY_MS = 500;

/** Beats until what it returns is called: another worker does the activity again soon after this one has died. */
export function startHeartbeats(everyMs = EVERY_MS): () => void {
  const activity = Context.current();
  const heartbeat = setInterval(() => activity.heartbeat(), everyMs);
  return () => clearInterval(heartbeat);
}

/** Runs `work` with heartbeats. Ends at once when it is cancelled. */
export async function withHeartbeats<T>(work: () => Promise<T>): Promise<T> {
  const stopHeartbeats = startHeartbeats();
  try {
    return await Promise.race([Context.current().cancelled, work()]);
  } finally {
    stopHeartbeats();
  }
}
