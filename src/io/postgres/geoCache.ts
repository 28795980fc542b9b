import { isNowhere, type Place } from '../geo/place.js';
import type { Queryable } from './pool.js';

const DAY_MS = 86_400_000;
/** Address blocks change hands: what was known is asked again after so long. */
const KNOWN_FOR_MS = 90 * DAY_MS;
/** The same for an address that nobody knew: databases grow. */
const UNKNOWN_FOR_MS = 7 * DAY_MS;

const READ = `
  select ip, country, state, city, weir.millis(looked_up_at) as looked_up_at
  from weir.geo_cache where ip = any($1::text[])`;

export interface CachedPlace {
  /** Nowhere: it was asked, and nobody knew. */
  place: Place;
  /** Epoch milliseconds: from then on it counts no more. */
  expiresAt: number;
}

/** What `weir.geo_cache` holds at `now` (epoch ms) of the addresses, in their canonical form; entries that have expired are left out. */
export async function readGeoCache(
  db: Queryable,
  addresses: readonly string[],
  now: number,
): Promise<Map<string, CachedPlace>> {
  const { rows } = await db.query({ name: 'weir-geo-cache', text: READ, values: [addresses] });
  const found = new Map<string, CachedPlace>();
  for (const { ip, country, state, city, looked_up_at } of rows as (Place & {
    ip: string;
    looked_up_at: number;
  })[]) {
    const place = { country, state, city };
    const expiresAt = looked_up_at + (isNowhere(place) ? UNKNOWN_FOR_MS : KNOWN_FOR_MS);
    if (now < expiresAt) found.set(ip, { place, expiresAt });
  }
  return found;
}
