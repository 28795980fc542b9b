import type { Progress } from '../../domain/commit.js';
import type { Stage } from '../../domain/member.js';
import type { Queryable } from './pool.js';
import { PROGRESS_COLUMNS, progressOf } from './progressRow.js';

export interface PartitionProgress extends Progress {
  stage: Stage;
  partition: number;
}

const JOB_PROGRESS = `
  select stage, partition, ${PROGRESS_COLUMNS}
  from weir.progress where job = $1 and epoch = $2 order by stage, partition`;

/** How far every partition of a job is committed, and every target of its regrouping. */
export async function jobProgress(
  db: Queryable,
  { job, epoch }: { job: string; epoch: number },
): Promise<PartitionProgress[]> {
  const { rows } = await db.query({ name: 'weir-job-progress', text: JOB_PROGRESS, values: [job, epoch] });
  return rows.map((row) => ({ stage: row.stage, partition: row.partition, ...progressOf(row) }));
}
