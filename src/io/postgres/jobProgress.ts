import type { Progress } from '../../domain/commit.js';
import type { Queryable } from './pool.js';
import { PROGRESS_COLUMNS, progressOf } from './progressRow.js';

export interface PartitionProgress extends Progress {
  partition: number;
}

const JOB_PROGRESS = `
  select partition, ${PROGRESS_COLUMNS}
  from weir.progress where job = $1 and stage = 1 and epoch = $2 order by partition`;

/** How far every partition of a job is committed. */
export async function jobProgress(
  db: Queryable,
  { job, epoch }: { job: string; epoch: number },
): Promise<PartitionProgress[]> {
  const { rows } = await db.query({ name: 'weir-job-progress', text: JOB_PROGRESS, values: [job, epoch] });
  return rows.map((row) => ({ partition: row.partition, ...progressOf(row) }));
}
