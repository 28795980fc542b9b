import { performance } from 'node:perf_hooks';
import { Fenced, type CommitRequest } from '../io/postgres/commit.js';
import type { PackedClicks } from '../pipelines/clicks/operator.js';
import type { Pipeline } from '../pipelines/job.js';
import type { JobRows } from '../pipelines/operators.js';
import type { PackedSessions } from '../pipelines/sessions/operator.js';
import { watched, type StateSize, type Watch } from './watch.js';

/** A commit as the workflow sends it: `state` is for people, and older builds leave it out. */
export type CommitAsk = Omit<CommitRequest<JobRows>, 'results'> & { state?: StateSize };

/** Writes a commit, and tells what became of it. */
export async function commitWatched(
  { commit, topic, state, ...key }: CommitAsk,
  { watch, pipeline, write }: { watch: Watch; pipeline: Pipeline; write: () => Promise<void> },
): Promise<void> {
  const partition = watched(key, { pipeline, topic });
  const began = performance.now();
  try {
    await write();
  } catch (error) {
    watch(partition, { what: 'not committed', fenced: error instanceof Fenced });
    throw error;
  }
  const { offset, watermark, rows, rejects, counters, expects } = commit;
  watch(partition, {
    what: 'committed',
    offset,
    watermark,
    rows: rows === null ? 0 : countOf(pipeline, rows),
    reasons: rejects.map(({ reason }) => reason),
    duplicates: counters.duplicate,
    isFirst: expects === 0,
    state: state ?? null,
    tookMs: performance.now() - began,
  });
}

function countOf(pipeline: Pipeline, rows: JobRows): number {
  switch (pipeline) {
    case 'hits':
      return (rows as unknown[]).length;
    case 'sessions':
      return (rows as PackedSessions).sessions.keys.length;
    case 'clicks':
      return (rows as PackedClicks).facts.starts.length;
  }
}
