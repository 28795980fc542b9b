import type { SourceStanding } from '../../domain/sources.js';
import type { Agent } from './agent.js';
import type { SessionColumns } from './columns.js';

/**
 * What a poll brings. A record later than the watermark that it met can only touch sessions that are still open, so those are merged into
 * segments. One at or before it may touch a session that became final inside this very batch: a suspect, which travels alone with the
 * watermark that it met, so that what was final of its key then is closed before it is merged (docs/semantics.md, sessions).
 */
export interface SessionsJson<A = Agent> {
  segments: SessionColumns<A>;
  suspects: SessionColumns<A>;
  /** The watermark that each suspect met, less that of the one before; the first less 0. */
  met: number[];
}

/** The same of several sources, behind a regrouping (docs/semantics.md, regrouping). */
export interface RegroupedJson extends SessionsJson {
  /** What was taken from each source by then. */
  sources: SourceStanding[];
}
