import type { Queryable } from './pool.js';
import { ONE_EPOCH, RESENT, type RejectedFilter, WHERE, whereValues } from './rejectedFilter.js';

/** A record that may be sent again. */
export interface Resendable {
  job: string;
  epoch: number;
  topic: string;
  partition: number;
  offset: number;
  /** Of key and value. */
  bytes: number;
}

/** A value of which only the beginning is kept. */
export const CUT = `coalesce(r.value_bytes > octet_length(r.value), false)`;

/**
 * The records of `filter` that can be sent again, those that were rejected first first, at most `limit`: never claimed, or with `again`
 * those in doubt. Without late ones, which would be late again, and without those whose value was cut.
 */
export async function resendPlan(
  db: Queryable,
  { filter, again, limit }: { filter: RejectedFilter; again: boolean; limit: number },
): Promise<Resendable[]> {
  const { rows } = await db.query(
    `select r.job, r.epoch, r.topic, r.partition, r."offset",
       coalesce(octet_length(r.key), 0) + coalesce(octet_length(r.value), 0) as bytes
     from weir.rejected r ${RESENT}
     where ${WHERE} and ${ONE_EPOCH} and r.reason <> 'late' and not ${CUT}
       and ${again ? 's.topic is not null and s.sent_at is null' : 's.topic is null'}
     order by r.rejected_at, r.topic, r.partition, r."offset" limit $6`,
    [...whereValues(filter), limit],
  );
  return rows as Resendable[];
}
