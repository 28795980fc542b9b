/** What a pipeline does in a poll: everything that workflows must not import. */
import type { Decoded } from '../domain/fold.js';
import type { Operator } from '../domain/operator.js';
import { decodeHit } from './hits/event.js';
import { hitsOperator } from './hits/operator.js';
import type { Job, SessionsJob } from './job.js';
import type { JobGathered, JobItem, JobPartial } from './operators.js';
import type { AgentReader, UserAgent } from './sessions/agent.js';
import { withAgents } from './sessions/columns.js';
import { decodeVisit, type Visit } from './sessions/event.js';
import { sessionsOperator } from './sessions/operator.js';
import { ScatteredSegments, type Scattered } from './sessions/scatter.js';
import type { SessionsJson } from './sessions/sessionsJson.js';

export interface PollSide<Item, Gathered, Partial> extends Pick<
  Operator<Item, unknown, unknown, Gathered>,
  'isLate' | 'nextPossibleEnd' | 'gather'
> {
  decode(value: string | null, timestampMs: number | null): Decoded<Item>;
  /** Looks up what is the same for many records, once for each. */
  complete(gathered: Gathered): Partial;
}

export type JobPollSide = PollSide<JobItem, JobGathered, JobPartial>;

export function pollSideOf(job: Job, { readAgent }: { readAgent: AgentReader }): JobPollSide {
  switch (job.pipeline) {
    case 'hits':
      return { ...hitsOperator(job), decode: decodeHit, complete: (gathered) => gathered } as JobPollSide;
    case 'sessions':
      return {
        ...sessionsOperator(job.gapMs),
        decode: decodeWith(job),
        complete: (gathered: SessionsJson<UserAgent>) => completed(gathered, readAgent),
      };
  }
}

/** A watermark that nothing else moves is published this often, in event time. */
const PUBLISH_EVERY_MS = 1000;

/** The same for stage one of a regrouping, whose sink is the internal topic. */
export function scatterSideOf(
  job: SessionsJob,
  { targets, readAgent }: { targets: number; readAgent: AgentReader },
): PollSide<Visit, Scattered<UserAgent>, Scattered> {
  const operator = sessionsOperator(job.gapMs);
  return {
    isLate: (time, watermark) => operator.isLate(time, watermark),
    nextPossibleEnd: (watermark) => watermark + PUBLISH_EVERY_MS,
    gather: () => new ScatteredSegments(job.gapMs, targets),
    decode: decodeWith(job),
    complete: ({ targets: parts, lastEnd }) => ({
      targets: parts.map((target) => target.map((part) => completed(part, readAgent))),
      lastEnd,
    }),
  };
}

function decodeWith({ time }: SessionsJob): PollSide<Visit, unknown, unknown>['decode'] {
  return (value, timestampMs) => decodeVisit(value, { timestampMs, time });
}

function completed(
  { segments, suspects, met }: SessionsJson<UserAgent>,
  readAgent: AgentReader,
): SessionsJson {
  return { segments: withAgents(segments, readAgent), suspects: withAgents(suspects, readAgent), met };
}
