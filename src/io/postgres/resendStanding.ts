import type { Queryable } from './pool.js';
import { ONE_EPOCH, RESENT, type RejectedFilter, WHERE, whereValues } from './rejectedFilter.js';
import { CUT } from './resendPlan.js';

/** How many records of a choice there are of each kind; each is of one. */
export interface ResendStanding {
  sent: number;
  inDoubt: number;
  late: number;
  /** Only the beginning of the value is kept. */
  cut: number;
  ready: number;
}

export async function resendStanding(db: Queryable, filter: RejectedFilter): Promise<ResendStanding> {
  const { rows } = await db.query(
    `select count(*) filter (where kind = 'sent') as sent, count(*) filter (where kind = 'in doubt') as "inDoubt",
       count(*) filter (where kind = 'late') as late, count(*) filter (where kind = 'cut') as cut,
       count(*) filter (where kind = 'ready') as ready
     from (
       select case when s.sent_at is not null then 'sent' when s.topic is not null then 'in doubt'
                   when r.reason = 'late' then 'late' when ${CUT} then 'cut' else 'ready' end as kind
       from weir.rejected r ${RESENT} where ${WHERE} and ${ONE_EPOCH}
     ) as each`,
    whereValues(filter),
  );
  return rows[0] as ResendStanding;
}
