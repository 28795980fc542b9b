import type { Queryable } from './pool.js';
import type { Resendable } from './resendPlan.js';

/** A record that this run, and no other, may send again. */
export interface ClaimedRecord {
  topic: string;
  partition: number;
  offset: number;
  /** Its time in epoch ms; -1: none. */
  stamp: number;
  key: Buffer | null;
  value: Buffer | null;
}

const CLAIM = (again: boolean): string => `
  with chosen as (
    select distinct on (r.topic, r.partition, r."offset", stamp) r.topic, r.partition, r."offset", stamp, r.job, r.key, r.value
    from unnest($2::text[], $3::int[], $4::int[], $5::bigint[]) as w (job, epoch, partition, "offset")
    join weir.rejected r on r.job = w.job and r.epoch = w.epoch and r.stage = 1 and r.partition = w.partition and r."offset" = w."offset"
    cross join lateral (select coalesce(weir.millis(r.record_time), -1) as stamp) as stamped
  ), claimed as (
    ${
      again
        ? `update weir.resent s set run = $1, claimed_at = clock_timestamp() from chosen c
           where s.topic = c.topic and s.partition = c.partition and s."offset" = c."offset" and s.stamp = c.stamp and s.sent_at is null
           returning s.topic, s.partition, s."offset", s.stamp`
        : `insert into weir.resent (topic, partition, "offset", stamp, job, run)
           select topic, partition, "offset", stamp, job, $1 from chosen
           on conflict do nothing
           returning topic, partition, "offset", stamp`
    }
  )
  select topic, partition, "offset", stamp, key, value from chosen join claimed using (topic, partition, "offset", stamp)
  order by topic, partition, "offset"`;

/**
 * Claims records for `run`, before they are sent. What comes back is all that it got: others have been claimed by somebody, whenever that
 * was, or are not in `weir.rejected` any more. With `again` it takes over, instead, those whose run has died before it noted them as sent.
 */
export async function claimResend(
  db: Queryable,
  { run, records, again }: { run: string; records: readonly Resendable[]; again: boolean },
): Promise<ClaimedRecord[]> {
  const { rows } = await db.query(CLAIM(again), [
    run,
    records.map(({ job }) => job),
    records.map(({ epoch }) => epoch),
    records.map(({ partition }) => partition),
    records.map(({ offset }) => offset),
  ]);
  return rows as ClaimedRecord[];
}
