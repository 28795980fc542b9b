import type { Instant } from '../../domain/instant.js';
import type { Queryable } from './pool.js';

export interface KeyApart {
  userId: string | null;
  ip: string | null;
  partitions: number[];
}

/** The newest of a job's sessions within the given time, found by the primary key; so many, that it is cheap at any rate. */
const KEYS_APART = `
  select user_id, ip, array_agg(distinct partition order by partition) as partitions
  from (
    select user_id, ip, partition from public.user_sessions
    where job = $1 and session_date between (weir.instant($2) at time zone 'UTC')::date and (weir.instant($3) at time zone 'UTC')::date
      and session_start between weir.instant($2) and weir.instant($3)
    order by session_date desc, session_start desc
    limit 5000
  ) as newest
  group by user_id, ip
  having count(distinct partition) > 1
  order by user_id, ip
  limit 1`;

/** A visitor whose sessions of a stretch of time come from more than one partition; null where none is found. */
export async function findKeyApart(
  db: Queryable,
  { job, from, until }: { job: string; from: Instant; until: Instant },
): Promise<KeyApart | null> {
  const { rows } = await db.query({ name: 'weir-keys-apart', text: KEYS_APART, values: [job, from, until] });
  const [row] = rows as { user_id: string | null; ip: string | null; partitions: number[] }[];
  return row === undefined ? null : { userId: row.user_id, ip: row.ip, partitions: row.partitions };
}
