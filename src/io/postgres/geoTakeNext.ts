import type { Queryable } from './pool.js';

export interface QueuedAddress {
  /** In its canonical form. */
  ip: string;
  /** How rows write it. */
  spellings: string[];
}

/** Longer than a request and its storing take; after that whoever took the address is thought dead. */
const TAKE_NEXT = `
  update weir.geo_queue set asked_at = clock_timestamp(), attempts = attempts + 1
  where ip = (
    select ip from weir.geo_queue
    where asked_at is null or asked_at < clock_timestamp() - interval '1 minute'
    order by attempts, queued_at, ip limit 1
    for update skip locked
  )
  returning ip, spellings`;

const GIVE_BACK =
  'update weir.geo_queue set asked_at = null, last_error = coalesce($2, last_error) where ip = $1';

/** Takes the next address of the queue for a minute, in which nobody else gets it; null where there is none. */
export async function takeNextAddress(db: Queryable): Promise<QueuedAddress | null> {
  const { rows } = await db.query({ name: 'weir-geo-take', text: TAKE_NEXT });
  return (rows[0] as QueuedAddress | undefined) ?? null;
}

/** Ends the lease without an answer; `error` says why for people, null where nothing was tried. */
export async function giveBackAddress(db: Queryable, ip: string, error: string | null): Promise<void> {
  await db.query(GIVE_BACK, [ip, error]);
}
