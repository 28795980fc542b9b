import type { Queryable } from './pool.js';

const COUNT = `
  insert into weir.geo_budget as b (day, requests) select $1::date, 1 where $2::bigint > 0
  on conflict (day) do update set requests = b.requests + 1 where b.requests < $2::bigint
  returning requests`;

/** Counts one request of the day (`YYYY-MM-DD`, UTC) before it is sent; false where the budget is spent: then it is not counted. */
export async function countRequest(db: Queryable, day: string, budget: number): Promise<boolean> {
  const { rowCount } = await db.query(COUNT, [day, budget]);
  return rowCount === 1;
}
