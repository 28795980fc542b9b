/** Wires location: what the sink looks up, and what works the queue. */
import type pg from 'pg';
import type { LocateDependencies } from '../activities/locateQueue.js';
import { createCountryReader } from '../io/geo/countries.js';
import { createIp2Location } from '../io/geo/ip2location.js';
import { createLocator, type Locator } from '../io/geo/locator.js';
import { openMmdb, type Mmdb } from '../io/geo/mmdb.js';
import { ConfigError, type Config } from './config.js';

export interface Geo {
  locator: Locator;
  /** Undefined where there is no database. */
  countryOf: ((ip: string) => string | null) | undefined;
  /** Null where location is off. */
  locating: LocateDependencies | null;
  /** Writes what is still in memory. */
  close(): Promise<void>;
}

/** @throws ConfigError where a file of `GEOIP_MMDB` is no location database */
export async function openGeo(
  { geo }: Pick<Config, 'geo'>,
  { pool, warn }: { pool: pg.Pool; warn: (message: string) => void },
): Promise<Geo> {
  const mmdb = geo.mmdb.length === 0 ? null : await open(geo.mmdb, warn);
  const { key, url, ratePerSecond, budgetPerDay } = geo;
  const ask = key === null ? null : createIp2Location({ url, key });
  const locator = createLocator({ pool, mmdb, canAsk: ask !== null, warn });
  const off = mmdb === null && ask === null;
  return {
    locator,
    countryOf: mmdb === null ? undefined : createCountryReader(mmdb),
    locating: off ? null : { pool, mmdb, ask, ratePerSecond, budgetPerDay },
    async close() {
      mmdb?.close();
      await locator.close();
    },
  };
}

async function open(paths: string[], warn: (message: string) => void): Promise<Mmdb> {
  try {
    return await openMmdb(paths, { warn });
  } catch (error) {
    throw new ConfigError([`GEOIP_MMDB: ${(error as Error).message}`]);
  }
}
