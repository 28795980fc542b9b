import type { JobClock } from '../../domain/quietClock.js';
import type { PartitionKey } from './partitionKey.js';
import type { Queryable } from './pool.js';

const JOB_CLOCK = `
  select count(*) filter (where not quiet) as awake,
         case when bool_and(watermark is not null) filter (where not quiet) then min(weir.millis(watermark)) filter (where not quiet) end
           as smallest_awake,
         max(weir.millis(watermark)) as largest,
         max(weir.millis(ends_until)) as ends_until
  from (
    select watermark, ends_until, coalesce(weir.instant($4) - caught_up_since >= $5 * interval '1 millisecond', false) as quiet
    from weir.progress
    where job = $1 and stage = 1 and epoch = $2 and partition <> $3
  ) as others`;

/** How the other partitions of the job stand at `now` (epoch ms), the time at which what they hold as `caught_up_since` is judged. */
export async function readJobClock(
  db: Queryable,
  { job, epoch, partition }: PartitionKey,
  { now, idleAfterMs }: { now: number; idleAfterMs: number },
): Promise<JobClock> {
  const { rows } = await db.query({
    name: 'weir-job-clock',
    text: JOB_CLOCK,
    values: [job, epoch, partition, now, idleAfterMs],
  });
  const [row] = rows as [
    { awake: number; smallest_awake: number | null; largest: number | null; ends_until: number | null },
  ];
  return {
    awake: row.awake,
    smallestAwake: row.smallest_awake,
    largest: row.largest,
    endsUntil: row.ends_until,
  };
}
