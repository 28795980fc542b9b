/** What a pipeline does in a poll: everything that workflows must not import. */
import type { Decoded } from '../domain/fold.js';
import type { Operator } from '../domain/operator.js';
import type { SourceStanding } from '../domain/sources.js';
import { CLICK_FIELDS, decodeClick, type CountryReader } from './clicks/event.js';
import { clicksOperator } from './clicks/operator.js';
import { CombinedClicks, ScatteredClicks } from './clicks/regroup.js';
import { decodeHit, HIT_FIELDS } from './hits/event.js';
import { hitsOperator } from './hits/operator.js';
import type { Job, RegroupingJob, SessionsJob } from './job.js';
import type { JsonEvent } from './jsonEvent.js';
import type { JsonFields } from './jsonFields.js';
import type { JobGathered, JobItem, JobPartial, JobRegrouped } from './operators.js';
import type { Combiner, Scattered } from './regroup.js';
import type { AgentReader, UserAgent } from './sessions/agent.js';
import { withAgents } from './sessions/columns.js';
import { CombinedSessions } from './sessions/combine.js';
import { decodeVisit, VISIT_FIELDS, type Visit } from './sessions/event.js';
import { sessionsOperator } from './sessions/operator.js';
import { ScatteredSegments } from './sessions/scatter.js';
import type { SessionsJson } from './sessions/sessionsJson.js';

/** What events do not say themselves and is derived from what they say. */
export interface LookUps {
  readAgent: AgentReader;
  /** Left out: no country is known. */
  countryOf?: CountryReader | undefined;
}

export interface PollSide<Item, Gathered, Partial> extends Pick<
  Operator<Item, unknown, unknown, Gathered>,
  'isLate' | 'nextPossibleEnd' | 'gather'
> {
  /** What it looks at in an event. */
  fields: JsonFields;
  decode(event: JsonEvent, timestampMs: number | null): Decoded<Item>;
  /** Looks up what is the same for many records, once for each. */
  complete(gathered: Gathered): Partial;
}

export type JobPollSide = PollSide<JobItem, JobGathered, JobPartial>;

export function pollSideOf(job: Job, { readAgent, countryOf = () => null }: LookUps): JobPollSide {
  switch (job.pipeline) {
    case 'hits':
      return {
        ...hitsOperator(job),
        fields: HIT_FIELDS,
        decode: decodeHit,
        complete: (gathered) => gathered,
      } as JobPollSide;
    case 'sessions':
      return {
        ...sessionsOperator(job.gapMs),
        fields: VISIT_FIELDS,
        decode: decodeWith(job),
        complete: (gathered: SessionsJson<UserAgent>) => completed(gathered, readAgent),
      };
    case 'clicks':
      return {
        ...clicksOperator(job),
        fields: CLICK_FIELDS,
        decode: (event) => decodeClick(event, countryOf),
        complete: (gathered) => gathered,
      } as JobPollSide;
  }
}

/** A watermark that nothing else moves is published this often, in event time. */
const PUBLISH_EVERY_MS = 1000;

/** Content of messages between the stages of a regrouping: each target takes only what its own sources made. */
export type Content = unknown;

/** Stage one of a regrouping, whose sink is the internal topic. */
export type ScatterSide = PollSide<JobItem, Scattered<Content>, Scattered<Content>>;

export function scatterSideOf(
  job: RegroupingJob,
  { targets, source, readAgent, countryOf = () => null }: LookUps & { targets: number; source: number },
): ScatterSide {
  const nextPossibleEnd = (watermark: number): number => watermark + PUBLISH_EVERY_MS;
  switch (job.pipeline) {
    case 'sessions': {
      const sessions = sessionsOperator(job.gapMs);
      const side: PollSide<Visit, Scattered<SessionsJson<UserAgent>>, Scattered<SessionsJson>> = {
        isLate: (time, watermark) => sessions.isLate(time, watermark),
        nextPossibleEnd,
        gather: () => new ScatteredSegments(job.gapMs, targets),
        fields: VISIT_FIELDS,
        decode: decodeWith(job),
        complete: ({ targets: parts, lastEnd }) => ({
          targets: parts.map((target) => target.map((part) => completed(part, readAgent))),
          lastEnd,
        }),
      };
      return side;
    }
    case 'clicks': {
      const clicks = clicksOperator(job);
      return {
        isLate: (time, watermark) => clicks.isLate(time, watermark),
        nextPossibleEnd,
        gather: () => new ScatteredClicks({ rules: job, targets, source }),
        fields: CLICK_FIELDS,
        decode: (event: JsonEvent) => decodeClick(event, countryOf),
        complete: (gathered: Scattered<Content>) => gathered,
      };
    }
  }
}

/** Stage two's poll. */
export function combinerOf(
  job: RegroupingJob,
  sources: readonly SourceStanding[],
): Combiner<Content, JobRegrouped> {
  switch (job.pipeline) {
    case 'sessions':
      return new CombinedSessions(job.gapMs, sources);
    case 'clicks':
      return new CombinedClicks(sources);
  }
}

function decodeWith({ time }: SessionsJob): PollSide<Visit, unknown, unknown>['decode'] {
  return (event, timestampMs) => decodeVisit(event, { timestampMs, time });
}

function completed(
  { segments, suspects, met }: SessionsJson<UserAgent>,
  readAgent: AgentReader,
): SessionsJson {
  return { segments: withAgents(segments, readAgent), suspects: withAgents(suspects, readAgent), met };
}
