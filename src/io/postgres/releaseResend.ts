import type { ClaimedRecord } from './claimResend.js';
import type { Queryable } from './pool.js';

const RELEASE = `
  delete from weir.resent s using unnest($3::bigint[], $4::bigint[]) as w ("offset", stamp)
  where s.run = $1 and s.topic = $5 and s.partition = $2 and s."offset" = w."offset" and s.stamp = w.stamp and s.sent_at is null`;

/** Gives back records of one partition that `run` has claimed and that were certainly not sent: somebody may claim them anew. */
export async function releaseResend(
  db: Queryable,
  { run, records }: { run: string; records: readonly ClaimedRecord[] },
): Promise<void> {
  const { topic, partition } = records[0]!;
  const offsets = records.map(({ offset }) => offset);
  const stamps = records.map(({ stamp }) => stamp);
  await db.query(RELEASE, [run, partition, offsets, stamps, topic]);
}
