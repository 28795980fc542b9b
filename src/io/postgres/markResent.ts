import type { ClaimedRecord } from './claimResend.js';
import type { Queryable } from './pool.js';

const MARK = `
  update weir.resent s set sent_at = clock_timestamp(), new_offset = $5::bigint + w.n - 1
  from unnest($3::bigint[], $4::bigint[]) with ordinality as w ("offset", stamp, n)
  where s.run = $1 and s.topic = $6 and s.partition = $2 and s."offset" = w."offset" and s.stamp = w.stamp and s.sent_at is null`;

/** Notes that records of one partition, claimed by `run`, were sent: the first of them to `firstOffset`, the others behind it. */
export async function markResent(
  db: Queryable,
  { run, records, firstOffset }: { run: string; records: readonly ClaimedRecord[]; firstOffset: number },
): Promise<void> {
  const { topic, partition } = records[0]!;
  const offsets = records.map(({ offset }) => offset);
  const stamps = records.map(({ stamp }) => stamp);
  await db.query(MARK, [run, partition, offsets, stamps, firstOffset, topic]);
}
