/** Location as the sink needs it, during a commit: from what answers at once, never from the network. */
import { LRUCache } from 'lru-cache';
import { utcDay } from '../../domain/instant.js';
import { readGeoCache } from '../postgres/geoCache.js';
import { addLookups } from '../postgres/geoLookups.js';
import { queueEntry } from '../postgres/geoQueue.js';
import type { Queryable } from '../postgres/pool.js';
import { publicAddress } from './addresses.js';
import { LookupCounts } from './lookupCounts.js';
import type { Mmdb } from './mmdb.js';
import { isNowhere, NOWHERE, type Place } from './place.js';

/** For what the databases say; they are read again when they change. */
const REMEMBERED_MS = 86_400_000;
const REMEMBERED_ADDRESSES = 100_000;

interface Located {
  /** By the texts as given. Those that are absent have no location, or none yet. */
  places: Map<string, Place>;
  /** For the queue ({@link QUEUE_ADDRESSES}): what nothing here knows. Empty where no service could be asked. */
  unknown: string[];
}

export interface Locator {
  /** Where the addresses are; texts that are no public address are nowhere. Rejects where the cache table cannot be read. */
  locate(addresses: Iterable<string | null>): Promise<Located>;
  /** Writes the counts that are still in memory. */
  close(): Promise<void>;
}

export interface LocatorOptions {
  pool: Queryable;
  /** Null where none is configured. */
  mmdb: Mmdb | null;
  /** Whether there is a service that can be asked for what is unknown here. */
  canAsk: boolean;
  warn: (message: string) => void;
  /** Epoch milliseconds. */
  now?: () => number;
  /** How many addresses are remembered in the process. */
  remembered?: number;
}

export function createLocator(options: LocatorOptions): Locator {
  const { pool, mmdb, canAsk, warn, now = Date.now } = options;
  if (mmdb === null && !canAsk) return OFF;
  const counts = new LookupCounts({ write: (sums) => addLookups(pool, utcDay(now()), sums), warn });
  /** By the texts as given; nowhere is remembered, too. */
  const memory = new LRUCache<string, Place>({
    max: options.remembered ?? REMEMBERED_ADDRESSES,
    ttl: REMEMBERED_MS,
    ttlResolution: 0,
    perf: { now },
  });
  let version = mmdb?.version;

  /** From what is in the process; what is left over: public addresses with their texts. */
  function fromMemory(addresses: Iterable<string | null>, located: Located): Map<string, string[]> {
    const open = new Map<string, string[]>();
    for (const text of new Set(addresses)) {
      if (text === null) continue;
      const known = memory.get(text);
      if (known !== undefined) {
        counts.add('memory', 1);
        if (!isNowhere(known)) located.places.set(text, known);
        continue;
      }
      const address = publicAddress(text);
      if (address === null) counts.add('private', 1);
      else if (open.has(address)) open.get(address)!.push(text);
      else open.set(address, [text]);
    }
    return open;
  }

  async function locate(addresses: Iterable<string | null>): Promise<Located> {
    if (mmdb?.version !== version) memory.clear();
    version = mmdb?.version;
    const located: Located = { places: new Map(), unknown: [] };
    const open = fromMemory(addresses, located);
    if (open.size === 0) return located;
    const at = now();
    const cached = await readGeoCache(pool, [...open.keys()], at);
    for (const [address, texts] of open) {
      const entry = cached.get(address);
      const place = entry?.place ?? mmdb?.lookUp(address) ?? null;
      // The memory keeps an entry to the end of its last millisecond, and for ever at 0.
      const ttl = entry ? entry.expiresAt - at - 1 : REMEMBERED_MS;
      counts.add(entry ? 'cache' : place ? 'mmdb' : 'unknown', texts.length);
      for (const text of texts) {
        if (place !== null && !isNowhere(place)) located.places.set(text, place);
        // What is unknown is not remembered: each commit that writes rows of it enters it, until its answer is stored.
        if (place === null && canAsk) located.unknown.push(queueEntry(address, text));
        else if (ttl > 0) memory.set(text, place ?? NOWHERE, { ttl });
      }
    }
    return located;
  }
  return { locate, close: () => counts.flush() };
}

/** Neither a database nor a key: location is off, and costs nothing. */
const OFF: Locator = {
  locate: () => Promise.resolve({ places: new Map(), unknown: [] }),
  close: () => Promise.resolve(),
};
