import type { Instant } from '../../domain/instant.js';

/** Which records of `weir.rejected` are meant; null: any. */
export interface RejectedFilter {
  job: string | null;
  /** The whole reason, or what stands before its colon: `bad_field` is all of them. */
  reason: string | null;
  partition: number | null;
  /** Rejected at or after `from` and before `to`. */
  from: Instant | null;
  to: Instant | null;
}

/** A condition on `r`, a row of `weir.rejected`: `$1` to `$5` are {@link whereValues}. */
export const WHERE = `
  ($1::text is null or r.job = $1) and ($2::text is null or r.reason = $2 or starts_with(r.reason, $2 || ':'))
  and ($3::int is null or r.partition = $3)
  and ($4::bigint is null or r.rejected_at >= weir.instant($4)) and ($5::bigint is null or r.rejected_at < weir.instant($5))`;

export function whereValues({ job, reason, partition, from, to }: RejectedFilter): unknown[] {
  return [job, reason, partition, from, to];
}

/** During a replay of a job a record may be there in two epochs: the newer one counts. */
export const ONE_EPOCH = `not exists (
  select from weir.rejected n
  where n.job = r.job and n.stage = r.stage and n.partition = r.partition and n."offset" = r."offset" and n.epoch > r.epoch)`;

/** Joins `s`, the row of `weir.resent` of `r`, where it was claimed. */
export const RESENT = `left join weir.resent s
  on s.topic = r.topic and s.partition = r.partition and s."offset" = r."offset" and s.stamp = coalesce(weir.millis(r.record_time), -1)`;
