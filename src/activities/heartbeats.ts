import { Context } from '@temporalio/activity';

/** The SDK sends fewer (maxHeartbeatThrottleInterval). */
const EVERY_MS = 500;

/** Runs `work` with heartbeats: another worker does it again soon after this one has died. Ends at once when it is cancelled. */
export async function withHeartbeats<T>(work: () => Promise<T>): Promise<T> {
  const activity = Context.current();
  const heartbeat = setInterval(() => activity.heartbeat(), EVERY_MS);
  try {
    return await Promise.race([activity.cancelled, work()]);
  } finally {
    clearInterval(heartbeat);
  }
}
