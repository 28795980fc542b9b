import type { Progress } from '../../domain/commit.js';
import type { Stage } from '../../domain/member.js';
import type { Queryable } from './pool.js';
import { PROGRESS_COLUMNS, progressOf } from './progressRow.js';

/** A member of an epoch, as a replay has to know it. */
export interface EpochStanding extends Progress {
  stage: Stage;
  partition: number;
  /** Where the job began to read it, in its first epoch. */
  beginsAt: number;
  /** Nothing that it has written in any epoch is longer. */
  longestMs: number;
}

const STANDINGS = `
  select stage, partition, begins_at,
    (select max(longest_ms) from weir.progress e where e.job = p.job and e.stage = p.stage and e.partition = p.partition) as longest,
    ${PROGRESS_COLUMNS}
  from weir.progress p where job = $1 and epoch = $2 order by stage, partition`;

/** Every member of an epoch of a job. */
export async function epochStandings(
  db: Queryable,
  { job, epoch }: { job: string; epoch: number },
): Promise<EpochStanding[]> {
  const { rows } = await db.query({ name: 'weir-epoch-standings', text: STANDINGS, values: [job, epoch] });
  return rows.map((row) => ({
    stage: row.stage as Stage,
    partition: row.partition as number,
    beginsAt: row.begins_at as number,
    longestMs: row.longest as number,
    ...progressOf(row),
  }));
}
