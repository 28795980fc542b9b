/** Countries of clicks that name an address and no country: from the databases alone, since a poll asks nothing over the network. */
import { LRUCache } from 'lru-cache';
import { publicAddress } from './addresses.js';
import type { Mmdb } from './mmdb.js';

const REMEMBERED_ADDRESSES = 50_000;
const REMEMBERED_MS = 86_400_000;

/** ISO code; null where the address is none, is not public, or is not known. */
export function createCountryReader(mmdb: Pick<Mmdb, 'lookUp' | 'version'>): (ip: string) => string | null {
  const memory = new LRUCache<string, { country: string | null }>({
    max: REMEMBERED_ADDRESSES,
    ttl: REMEMBERED_MS,
  });
  let { version } = mmdb;
  return (ip) => {
    if (mmdb.version !== version) {
      memory.clear();
      ({ version } = mmdb);
    }
    let found = memory.get(ip);
    if (found === undefined) {
      const address = publicAddress(ip);
      found = { country: address === null ? null : (mmdb.lookUp(address)?.country ?? null) };
      memory.set(ip, found);
    }
    return found.country;
  };
}
