import { ActivityFailure, ApplicationFailure, isCancellation, TimeoutFailure } from '@temporalio/workflow';

/** A local activity's error comes bare, a regular one's inside an ActivityFailure. */
function applicationFailure(error: unknown): ApplicationFailure | null {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  return cause instanceof ApplicationFailure ? cause : null;
}

export function isFailure(error: unknown, type: string): boolean {
  return applicationFailure(error)?.type === type;
}

/** null where nothing was heard of the activity: its worker is gone, or stands still. */
export async function unlessLost<T>(activity: Promise<T>): Promise<T | null> {
  try {
    return await activity;
  } catch (error) {
    const cause = error instanceof ActivityFailure ? error.cause : error;
    if (cause instanceof TimeoutFailure && cause.timeoutType === 'HEARTBEAT') return null;
    throw error;
  }
}

/** Whether it makes no sense to call the activity in another way. */
export function isFinal(error: unknown): boolean {
  return isCancellation(error) || applicationFailure(error)?.nonRetryable === true;
}

/**
 * Runs a workflow's body, so that it fails for what failed inside: as the failure of an activity the retry policy would try it again,
 * however final it is.
 */
export async function failingFor<T>(body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    const cause = applicationFailure(error);
    throw cause?.nonRetryable ? cause : error;
  }
}

/** Waits until a signal has been taken; false where that workflow is gone. */
export async function sentTo(signal: Promise<void>): Promise<boolean> {
  try {
    await signal;
    return true;
  } catch (error) {
    if (isFailure(error, 'ExternalWorkflowExecutionNotFound')) return false;
    throw error;
  }
}
