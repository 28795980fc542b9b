import type pg from 'pg';
import { commit, type CommitRequest } from '../io/postgres/commit.js';
import { hitsWriter } from '../io/postgres/hits.js';
import type { Job } from '../pipelines/job.js';
import type { JobRow } from '../pipelines/operators.js';
import { withFailures } from './failures.js';

const writers = { hits: hitsWriter } satisfies Record<Job['pipeline'], unknown>;

export function createCommit({ pool }: { pool: pg.Pool }) {
  /** The sink: writes one commit in one transaction; fails as Fenced when progress is not as the commit expects it. */
  return async (pipeline: Job['pipeline'], request: CommitRequest<JobRow>): Promise<void> =>
    withFailures(() => commit(pool, request, writers[pipeline]));
}
