/** What a pipeline does in a poll: everything that workflows must not import. */
import type { Decoded } from '../domain/fold.js';
import { decodeHit } from './hits/event.js';
import type { Job } from './job.js';
import type { JobGathered, JobItem, JobPartial } from './operators.js';
import type { AgentReader, UserAgent } from './sessions/agent.js';
import { withAgents } from './sessions/columns.js';
import { decodeVisit } from './sessions/event.js';
import type { SessionsJson } from './sessions/operator.js';

export interface PollSide {
  decode(value: string | null, timestampMs: number | null): Decoded<JobItem>;
  /** Looks up what is the same for many records, once for each. */
  complete(gathered: JobGathered): JobPartial;
}

export function pollSideOf(job: Job, { readAgent }: { readAgent: AgentReader }): PollSide {
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
  }
}

function completed(
  { segments, suspects, met }: SessionsJson<UserAgent>,
  readAgent: AgentReader,
): SessionsJson {
  return { segments: withAgents(segments, readAgent), suspects: withAgents(suspects, readAgent), met };
}
