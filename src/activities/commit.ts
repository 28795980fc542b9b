import type pg from 'pg';
import type { Locator } from '../io/geo/locator.js';
import { clicksStatement } from '../io/postgres/clicks.js';
import { commit } from '../io/postgres/commit.js';
import { hitsStatement } from '../io/postgres/hits.js';
import type { RowsStatement } from '../io/postgres/rowsStatement.js';
import type { PackedClicks } from '../pipelines/clicks/operator.js';
import type { HitRow } from '../pipelines/hits/counts.js';
import type { Pipeline } from '../pipelines/job.js';
import type { PackedSessions } from '../pipelines/sessions/operator.js';
import { clickFactColumns } from './clicksRows.js';
import { commitWatched, type CommitAsk } from './commitWatched.js';
import { withFailures } from './failures.js';
import { SessionsSink } from './sessionsSink.js';
import type { Watch } from './watch.js';

export function createCommit({ pool, locator, watch }: { pool: pg.Pool; locator: Locator; watch: Watch }) {
  const sessions = new SessionsSink({ pool, locator });

  async function write(pipeline: Pipeline, request: CommitAsk): Promise<void> {
    const { rows } = request.commit;
    const make = (statement: RowsStatement | null): Promise<void> =>
      commit(pool, { ...request, results: pipeline }, statement);
    // An older build may have sent an empty list.
    if (rows === null || (Array.isArray(rows) && rows.length === 0)) return make(null);
    switch (pipeline) {
      case 'hits':
        return make(hitsStatement(rows as HitRow[]));
      case 'sessions':
        return sessions.write(rows as PackedSessions, make);
      case 'clicks':
        return make(clicksStatement(clickFactColumns(rows as PackedClicks)));
    }
  }

  /** The sink: writes one commit in one transaction; fails as Fenced when progress is not as the commit expects it. */
  return async (pipeline: Pipeline, request: CommitAsk): Promise<void> =>
    withFailures(() => commitWatched(request, { watch, pipeline, write: () => write(pipeline, request) }));
}
