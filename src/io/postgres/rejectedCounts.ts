import type { Instant } from '../../domain/instant.js';
import type { Queryable } from './pool.js';
import { ONE_EPOCH, RESENT, type RejectedFilter, WHERE, whereValues } from './rejectedFilter.js';

export interface RejectedCount {
  job: string;
  reason: string;
  /** null where they are counted over all partitions. */
  partition: number | null;
  records: number;
  /** Of these, sent to their topic again. */
  sent: number;
  inDoubt: number;
  /** When the first and the last of them were rejected. */
  first: Instant;
  last: Instant;
}

/** How many records of `filter` there are, by job and reason, and by partition if that is wanted. */
export async function rejectedCounts(
  db: Queryable,
  { filter, byPartition }: { filter: RejectedFilter; byPartition: boolean },
): Promise<RejectedCount[]> {
  const { rows } = await db.query(
    `select r.job, r.reason, case when $6 then r.partition end as partition, count(*) as records, count(s.sent_at) as sent,
       count(*) filter (where s.topic is not null and s.sent_at is null) as "inDoubt",
       weir.millis(min(r.rejected_at)) as first, weir.millis(max(r.rejected_at)) as last
     from weir.rejected r ${RESENT} where ${WHERE} and ${ONE_EPOCH}
     group by 1, 2, 3 order by r.job, r.reason collate "C", 3`,
    [...whereValues(filter), byPartition],
  );
  return rows as RejectedCount[];
}
