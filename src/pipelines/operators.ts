/** Which operator a job needs. Workflows import this file: no event schema, no user-agent library here. */
import type { Stage } from '../domain/member.js';
import type { Operator } from '../domain/operator.js';
import {
  clicksOperator,
  packClicks,
  type ClickItem,
  type ClickRow,
  type ClicksJson,
  type PackedClicks,
} from './clicks/operator.js';
import { RegroupedClicksState, type RegroupedClicks } from './clicks/regroup.js';
import { hitsOperator } from './hits/operator.js';
import type { Hit, HitCountsJson, HitRow } from './hits/counts.js';
import type { Job } from './job.js';
import type { UserAgent } from './sessions/agent.js';
import type { Visit } from './sessions/event.js';
import {
  packSessions,
  regroupedOperator,
  sessionsOperator,
  type PackedSessions,
} from './sessions/operator.js';
import type { SessionRow } from './sessions/columns.js';
import type { RegroupedJson, SessionsJson } from './sessions/sessionsJson.js';

/** What polls return and runs carry, whatever the pipeline. */
export type JobPartial = HitCountsJson | SessionsJson | ClicksJson | JobRegrouped;
/** What polls of targets return. */
export type JobRegrouped = RegroupedJson | RegroupedClicks;
export type JobGathered = HitCountsJson | SessionsJson<UserAgent> | ClicksJson;
export type JobRow = HitRow | SessionRow | ClickRow;
export type JobItem = Hit | Visit | ClickItem;
/** Rows on their way to the sink. */
export type JobRows = HitRow[] | PackedSessions | PackedClicks;

export type JobOperator = Operator<JobItem, JobPartial, JobRow, JobGathered>;

export function operatorOf(job: Job): JobOperator {
  // Each takes only what it made itself: a job has one operator in all its runs.
  switch (job.pipeline) {
    case 'hits':
      return hitsOperator(job);
    case 'sessions':
      return sessionsOperator(job.gapMs);
    case 'clicks':
      return clicksOperator(job);
  }
}

/** What a job's partition holds open, and what a target of its regrouping does. */
export function stateOperatorOf(
  job: Job,
  stage: Stage,
): Pick<JobOperator, 'open' | 'nextPossibleEnd' | 'spanOf'> {
  if (stage === 1) return operatorOf(job);
  switch (job.pipeline) {
    case 'hits':
      throw new RangeError('hits are not regrouped');
    case 'sessions':
      return regroupedOperator(job.gapMs);
    case 'clicks':
      return { ...clicksOperator(job), open: () => new RegroupedClicksState(job) };
  }
}

/** Rows of one job as compact JSON; null for none. */
export function packRows(job: Job, rows: JobRow[]): JobRows | null {
  if (rows.length === 0) return null;
  switch (job.pipeline) {
    case 'hits':
      return rows as HitRow[];
    case 'sessions':
      return packSessions(rows as SessionRow[], job.gapMs);
    case 'clicks':
      return packClicks(rows as ClickRow[], job);
  }
}
