/** What a pipeline does in a poll: everything that workflows must not import. */
import type { Decoded } from '../domain/fold.js';
import { decodeClick, type CountryReader } from './clicks/event.js';
import { decodeHit } from './hits/event.js';
import type { Job } from './job.js';
import type { JobGathered, JobItem, JobPartial } from './operators.js';
import type { AgentReader, UserAgent } from './sessions/agent.js';
import { withAgents } from './sessions/columns.js';
import { decodeVisit } from './sessions/event.js';
import type { SessionsJson } from './sessions/operator.js';

/** What events do not say themselves and is derived from what they say. */
export interface LookUps {
  readAgent: AgentReader;
  /** Left out: no country is known. */
  countryOf?: CountryReader | undefined;
}

export interface PollSide {
  decode(value: string | null, timestampMs: number | null): Decoded<JobItem>;
  /** Looks up what is the same for many records, once for each. */
  complete(gathered: JobGathered): JobPartial;
}

export function pollSideOf(job: Job, { readAgent, countryOf = () => null }: LookUps): PollSide {
  switch (job.pipeline) {
    case 'hits':
      return { decode: decodeHit, complete: (gathered) => gathered as JobPartial };
    case 'sessions': {
      const { time } = job;
      return {
        decode: (value, timestampMs) => decodeVisit(value, { timestampMs, time }),
        complete: (gathered) => completed(gathered as SessionsJson<UserAgent>, readAgent),
      };
    }
    case 'clicks':
      return {
        decode: (value) => decodeClick(value, countryOf),
        complete: (gathered) => gathered as JobPartial,
      };
  }
}

function completed(
  { segments, suspects, met }: SessionsJson<UserAgent>,
  readAgent: AgentReader,
): SessionsJson {
  return { segments: withAgents(segments, readAgent), suspects: withAgents(suspects, readAgent), met };
}
