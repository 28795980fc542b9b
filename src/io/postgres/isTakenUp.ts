import type { Queryable } from './pool.js';

/** Whether every member of an epoch has been claimed by a run: none goes on in an older one. */
export async function isTakenUp(
  db: Queryable,
  { job, epoch }: { job: string; epoch: number },
): Promise<boolean> {
  const { rows } = await db.query(
    'select bool_and(owner is not null) as is_taken_up from weir.progress where job = $1 and epoch = $2',
    [job, epoch],
  );
  return rows[0].is_taken_up === true;
}
