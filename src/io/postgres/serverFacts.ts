import type { Instant } from '../../domain/instant.js';
import type { Queryable } from './pool.js';

export interface ServerFacts {
  /** As Postgres numbers itself: 150004 is 15.4. */
  version: number;
  versionText: string;
  /** The server's clock. */
  now: Instant;
}

/** Needs nothing but a connection. */
export async function serverFacts(db: Queryable): Promise<ServerFacts> {
  const { rows } = await db.query(`
    select current_setting('server_version_num')::int as version, current_setting('server_version') as "versionText",
      (extract(epoch from clock_timestamp()) * 1000)::bigint as now`);
  return rows[0] as ServerFacts;
}
