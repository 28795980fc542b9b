import type { Queryable } from './pool.js';

/** Whether this session is now the only one that sends rejected records again; it is until the session ends. */
export async function takeResendLock(db: Queryable): Promise<boolean> {
  const { rows } = await db.query(`select pg_try_advisory_lock(hashtextextended('weir.resent', 0)) as taken`);
  return rows[0].taken as boolean;
}
