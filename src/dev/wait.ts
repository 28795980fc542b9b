import { setTimeout as sleep } from 'node:timers/promises';

import { lastLines } from './log.js';

export interface WaitOptions {
  /** What is awaited, as it stands in the error: "Kafka to answer on 127.0.0.1:9093". */
  what: string;
  limitMs: number;
  /** Throws for as long as it is not so yet; its last error goes into ours. */
  check: () => Promise<void>;
  /** Says why waiting is of no use any more (the process ended), else undefined. */
  hopeless?: () => string | undefined;
  logFile?: string;
  signal?: AbortSignal | undefined;
}

const PAUSE_MS = 50;

/**
 * Waits until `check` passes. Rejects with one error that names what was awaited, why it did not come, and the last lines of
 * the service's log.
 */
export async function waitFor(options: WaitOptions): Promise<void> {
  const deadline = Date.now() + options.limitMs;
  for (;;) {
    options.signal?.throwIfAborted();
    const failure = await failureOf(options.check);
    if (failure === undefined) return;
    const why = options.hopeless?.() ?? (Date.now() > deadline ? giveUp(options, failure) : undefined);
    if (why !== undefined)
      throw new Error(`Waited for ${options.what}: ${why}${await logTail(options.logFile)}`);
    await sleep(PAUSE_MS);
  }
}

function giveUp(options: WaitOptions, failure: string): string {
  return `not within ${options.limitMs / 1000} s (${failure})`;
}

async function failureOf(check: () => Promise<void>): Promise<string | undefined> {
  try {
    await check();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function logTail(logFile: string | undefined): Promise<string> {
  if (logFile === undefined) return '';
  return `\nLast lines of ${logFile}:\n${await lastLines(logFile)}`;
}
