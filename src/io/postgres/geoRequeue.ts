import { publicAddress } from '../geo/addresses.js';
import { QUEUE_ADDRESSES, queueEntry } from './geoQueue.js';
import type { Queryable } from './pool.js';

const PAGE_ROWS = 1000;

const PAGE = `
  select distinct ip from public.user_sessions
  where country is null and state is null and city is null and ip > $1
    and ($2::text is null or job = $2) and ($3::date is null or session_date >= $3)
  order by ip limit ${PAGE_ROWS}`;

export interface RequeueRequest {
  /** Null: of all jobs. */
  job: string | null;
  /** `YYYY-MM-DD`: sessions that began on this UTC day or later; null: all. */
  since: string | null;
}

/** Queues the public addresses of sessions without a location, page by page; returns how many addresses that were. */
export async function requeueAddresses(db: Queryable, { job, since }: RequeueRequest): Promise<number> {
  const queued = new Set<string>();
  for (let after = ''; ;) {
    const { rows } = await db.query(PAGE, [after, job, since]);
    const spellings = (rows as { ip: string }[]).map(({ ip }) => ip);
    const entries: string[] = [];
    for (const spelling of spellings) {
      const address = publicAddress(spelling);
      if (address === null) continue;
      queued.add(address);
      entries.push(queueEntry(address, spelling));
    }
    if (entries.length > 0) await db.query(QUEUE_ADDRESSES(1), [entries]);
    if (spellings.length < PAGE_ROWS) return queued.size;
    after = spellings.at(-1)!;
  }
}
