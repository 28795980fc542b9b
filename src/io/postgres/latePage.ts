import type { Instant } from '../../domain/instant.js';
import type { Queryable } from './pool.js';
import { ONE_EPOCH, type RejectedFilter, WHERE, whereValues } from './rejectedFilter.js';

export interface LateRecord {
  job: string;
  epoch: number;
  partition: number;
  offset: number;
  recordTime: Instant | null;
  value: Buffer | null;
  /** Where the watermark of its partition is by now; null: nothing is known of it. */
  watermark: Instant | null;
}

const PAGE_ROWS = 200;

/** The late records of `filter`, page by page: each may be large. */
export async function* lateRecords(db: Queryable, filter: RejectedFilter): AsyncGenerator<LateRecord> {
  let after: Pick<LateRecord, 'job' | 'epoch' | 'partition' | 'offset'> | null = null;
  for (;;) {
    const { rows } = await db.query(
      `select r.job, r.epoch, r.partition, r."offset", weir.millis(r.record_time) as "recordTime", r.value,
         weir.millis(p.watermark) as watermark
       from weir.rejected r
       left join weir.progress p on p.job = r.job and p.epoch = r.epoch and p.stage = r.stage and p.partition = r.partition
       where ${WHERE} and ${ONE_EPOCH} and r.reason = 'late'
         and ($6::text is null or (r.job, r.epoch, r.partition, r."offset") > ($6, $7::int, $8::int, $9::bigint))
       order by r.job, r.epoch, r.partition, r."offset" limit ${PAGE_ROWS}`,
      [...whereValues(filter), after?.job ?? null, after?.epoch, after?.partition, after?.offset],
    );
    const page = rows as LateRecord[];
    yield* page;
    if (page.length < PAGE_ROWS) return;
    after = page.at(-1)!;
  }
}
