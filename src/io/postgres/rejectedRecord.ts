import type { Queryable } from './pool.js';
import { RESENT } from './rejectedFilter.js';
import { RECORD_COLUMNS, type RejectedRecord } from './rejectedRecords.js';

/** A row of `weir.rejected`, all of it that is kept. */
export interface WholeRecord extends RejectedRecord {
  key: Buffer | null;
  value: Buffer | null;
}

/** One record; of several epochs as the newest one has it. null: there is none. */
export async function rejectedRecord(
  db: Queryable,
  { job, partition, offset }: { job: string; partition: number; offset: number },
): Promise<WholeRecord | null> {
  const { rows } = await db.query(
    `select ${RECORD_COLUMNS}, r.key, r.value from weir.rejected r ${RESENT}
     where r.job = $1 and r.partition = $2 and r."offset" = $3 order by r.epoch desc limit 1`,
    [job, partition, offset],
  );
  return (rows[0] as WholeRecord | undefined) ?? null;
}
