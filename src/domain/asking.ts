/**
 * Whether an outside service may be asked, after what it answered so far: a circuit breaker with the reasons that people see. Instants
 * are epoch milliseconds.
 *
 *     asking ──5 failures in a row──> away ──success──> asking          away: 1 min, then twice as long after each failed try,
 *     asking ──refused──> refused ──success──> asking                   up to 30 min; refused: 10 min; spent: until the next UTC day
 *     asking ──no budget──> spent ──success──> asking
 */
import type { Instant } from './instant.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const FAILURES_TO_OPEN = 5;
const FIRST_WAIT_MS = MINUTE_MS;
const LONGEST_WAIT_MS = 30 * MINUTE_MS;
const REFUSED_WAIT_MS = 10 * MINUTE_MS;

export interface Asking {
  phase: 'asking' | 'away' | 'spent' | 'refused';
  /** Before that nothing is asked. While the service is away, the first request then decides: its failure closes the door again. */
  until: Instant;
  /** In a row. */
  failures: number;
  /** How long the last wait was while the service is away; 0 otherwise. */
  waitMs: number;
}

export const ASKING: Asking = { phase: 'asking', until: 0, failures: 0, waitMs: 0 };

/** The service did not answer, or asks for patience. */
export function afterFailure({ phase, failures, waitMs }: Asking, at: Instant): Asking {
  const total = failures + 1;
  if (total < FAILURES_TO_OPEN && phase !== 'away')
    return { phase: 'asking', until: 0, failures: total, waitMs: 0 };
  const wait = waitMs === 0 ? FIRST_WAIT_MS : Math.min(2 * waitMs, LONGEST_WAIT_MS);
  return { phase: 'away', until: at + wait, failures: total, waitMs: wait };
}

/** It does not take our key. */
export function afterRefusal(at: Instant): Asking {
  return { ...ASKING, phase: 'refused', until: at + REFUSED_WAIT_MS };
}

/** The day's requests are spent. What is known of failures stays. */
export function afterBudget(asking: Asking, at: Instant): Asking {
  return { ...asking, phase: 'spent', until: (Math.floor(at / DAY_MS) + 1) * DAY_MS };
}
