import type { Instant } from '../../domain/instant.js';
import type { Queryable } from './pool.js';
import { ONE_EPOCH, RESENT, type RejectedFilter, WHERE, whereValues } from './rejectedFilter.js';

/** How often a record of `weir.rejected` is on its way back: never, once, or nobody knows. */
type ResendState = 'not sent' | 'sent' | 'in doubt';

/** A row of `weir.rejected`, without its whole value. */
export interface RejectedRecord {
  job: string;
  epoch: number;
  topic: string;
  partition: number;
  offset: number;
  reason: string;
  /** Kafka's own time of the record; null: it has none. */
  recordTime: Instant | null;
  rejectedAt: Instant;
  /** What is kept of the value: less than `valueBytes` where it was cut. */
  keptBytes: number | null;
  valueBytes: number | null;
  keyBytes: number | null;
  /** The first bytes of the value. */
  beginning: Buffer | null;
  state: ResendState;
  /** When it was claimed to be sent again; null: never. */
  claimedAt: Instant | null;
  /** Where it is now, of those that were sent again. */
  newOffset: number | null;
}

const BEGINNING_BYTES = 240;

/** Columns as {@link RejectedRecord} has them. */
export const RECORD_COLUMNS = `
  r.job, r.epoch, r.topic, r.partition, r."offset", r.reason, weir.millis(r.record_time) as "recordTime",
  weir.millis(r.rejected_at) as "rejectedAt", octet_length(r.value) as "keptBytes", r.value_bytes as "valueBytes",
  octet_length(r.key) as "keyBytes", substring(r.value for ${BEGINNING_BYTES}) as beginning,
  case when s.topic is null then 'not sent' when s.sent_at is null then 'in doubt' else 'sent' end as state,
  weir.millis(s.claimed_at) as "claimedAt", s.new_offset as "newOffset"`;

/** The records of `filter`, at most `limit` of them, newest first. */
export async function rejectedRecords(
  db: Queryable,
  { filter, limit }: { filter: RejectedFilter; limit: number | null },
): Promise<RejectedRecord[]> {
  const { rows } = await db.query(
    `select ${RECORD_COLUMNS} from weir.rejected r ${RESENT} where ${WHERE} and ${ONE_EPOCH}
     order by r.rejected_at desc, r.job, r.partition, r."offset" desc limit $6`,
    [...whereValues(filter), limit],
  );
  return rows as RejectedRecord[];
}
