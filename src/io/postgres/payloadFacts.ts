import type { Queryable } from './pool.js';

export interface PayloadFacts {
  payloads: number;
  /** Of the table, with its index and what was deleted and not yet freed. */
  bytes: number;
  /** Payloads that should have been deleted more than a day ago. */
  overdue: number;
}

/** How `weir.payload` is doing: it is tidied by the jobs, after 30 days without use at the latest. */
export async function payloadFacts(db: Queryable): Promise<PayloadFacts> {
  const { rows } = await db.query(`
    select count(*) as payloads, pg_total_relation_size('weir.payload') as bytes,
      count(*) filter (where used_at < now() - interval '31 days') as overdue
    from weir.payload`);
  return rows[0] as PayloadFacts;
}
