import type pg from 'pg';
import { isNowhere, type Place } from '../geo/place.js';
import { inTransaction } from './pool.js';
import type { QueuedAddress } from './geoTakeNext.js';

const LOCK = 'select spellings from weir.geo_queue where ip = $1 for update';

const REMEMBER = `
  insert into weir.geo_cache (ip, country, state, city, looked_up_at) values ($1, $2, $3, $4, weir.instant($5))
  on conflict (ip) do update set country = excluded.country, state = excluded.state, city = excluded.city,
    looked_up_at = excluded.looked_up_at`;

const FILL = `
  update public.user_sessions set country = $2, state = $3, city = $4
  where ip = any($1::text[]) and country is null and state is null and city is null`;

const DONE = 'delete from weir.geo_queue where ip = $1';

/** Deadlock, serialization failure: the same again works. */
const AGAIN = new Set(['40P01', '40001']);
const TRIES = 5;

export interface PlaceAnswer {
  place: Place;
  /** Epoch milliseconds; null: not for the cache, since it came from there or from a database that is at hand anyway. */
  rememberAt: number | null;
}

/**
 * Stores the answer for an address of the queue in one transaction: fills the rows that have no location, remembers it, and takes the
 * address from the queue; returns how many rows were filled.
 *
 * The queue's row is locked first and the rows are looked for in a later statement: whoever was just writing rows of this address has
 * ended by then, and whoever comes later enters the address anew ({@link QUEUE_ADDRESSES}).
 */
export async function storePlace(
  pool: pg.Pool,
  address: QueuedAddress,
  answer: PlaceAnswer,
): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await inTransaction(pool, (client) => store(client, address, answer));
    } catch (error) {
      if (attempt === TRIES || !AGAIN.has((error as { code?: string }).code ?? '')) throw error;
    }
  }
}

async function store(
  client: pg.PoolClient,
  { ip, spellings }: QueuedAddress,
  { place, rememberAt }: PlaceAnswer,
): Promise<number> {
  const { rows } = await client.query(LOCK, [ip]);
  const all = new Set([...spellings, ...((rows[0]?.spellings ?? []) as string[])]);
  const values = [place.country, place.state, place.city];
  if (rememberAt !== null) await client.query(REMEMBER, [ip, ...values, rememberAt]);
  const filled = isNowhere(place) ? null : await client.query(FILL, [[...all], ...values]);
  await client.query(DONE, [ip]);
  return filled?.rowCount ?? 0;
}
