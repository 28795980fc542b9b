/** Sessions of visitors: what a poll gathers, what a partition holds open, and what comes of it. */
import type { Operator, Span } from '../../domain/operator.js';
import type { UserAgent } from './agent.js';
import { keyOfAgent, toColumns, type SessionColumns, type SessionRow } from './columns.js';
import type { Visit } from './event.js';
import { OpenRegrouped } from './openRegrouped.js';
import { OpenVisits } from './openVisits.js';
import { Segments } from './segments.js';
import type { RegroupedJson, SessionsJson } from './sessionsJson.js';

export type { SessionRow } from './columns.js';

export function sessionsOperator(
  gapMs: number,
): Operator<Visit, SessionsJson, SessionRow, SessionsJson<UserAgent>> {
  return {
    isLate: (time, watermark) => time + gapMs <= watermark,
    nextPossibleEnd: () => null, // ends form no grid
    spanOf: spanWith(gapMs),
    gather: () => new Segments(gapMs),
    open: () => new OpenVisits(gapMs),
  };
}

/** The second stage, behind a regrouping: lateness was judged at the sources. */
export function regroupedOperator(
  gapMs: number,
): Pick<Operator<never, RegroupedJson, SessionRow>, 'open' | 'nextPossibleEnd' | 'spanOf'> {
  return {
    nextPossibleEnd: () => null,
    spanOf: spanWith(gapMs),
    open: () => new OpenRegrouped(gapMs),
  };
}

function spanWith(gapMs: number) {
  return ({ first, last }: SessionRow): Span => ({ start: first, end: last + gapMs });
}

/** Final sessions on their way to the sink. */
export interface PackedSessions {
  gapMs: number;
  sessions: SessionColumns;
}

export function packSessions(rows: readonly SessionRow[], gapMs: number): PackedSessions {
  return { gapMs, sessions: toColumns(rows, keyOfAgent) };
}
