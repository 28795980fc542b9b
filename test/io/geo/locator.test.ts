import { beforeEach, describe, expect, it } from 'vitest';
import { createLocator, type Locator, type LocatorOptions } from '../../../src/io/geo/locator.js';
import type { Mmdb } from '../../../src/io/geo/mmdb.js';
import { NOWHERE, type Place } from '../../../src/io/geo/place.js';
import type { Queryable } from '../../../src/io/postgres/pool.js';

const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 1, 12);
const LONDON: Place = { country: 'GB', state: 'England', city: 'London' };
const PARIS: Place = { country: 'FR', state: null, city: 'Paris' };

describe('a locator', () => {
  let now: number;
  /** weir.geo_cache by address. */
  let cache: Map<string, Place & { at: number }>;
  let database: Map<string, Place>;
  let queries: string[][];
  /** What was added to weir.geo_lookups, by day and source. */
  let counted: Record<string, number>;
  let warnings: string[];
  let countingFails: boolean;
  let mmdb: Mmdb & { version: number };

  beforeEach(() => {
    now = START;
    cache = new Map();
    database = new Map();
    queries = [];
    counted = {};
    warnings = [];
    countingFails = false;
    mmdb = {
      version: 0,
      lookUp: (address) => database.get(address) ?? null,
      refresh: () => Promise.resolve(),
      close: () => {},
    };
  });

  const pool = {
    query(request: { values: [string[]] } | string, values?: [string, string[], number[]]) {
      if (typeof request === 'string') {
        if (countingFails) return Promise.reject(new Error('Postgres is away'));
        const [day, sources, lookups] = values!;
        sources.forEach((source, index) => {
          const key = `${day} ${source}`;
          counted[key] = (counted[key] ?? 0) + lookups[index]!;
        });
        return Promise.resolve({ rows: [] });
      }
      const [addresses] = request.values;
      queries.push(addresses);
      const rows = addresses.flatMap((ip) => {
        const entry = cache.get(ip);
        return entry ? [{ ip, ...entry, looked_up_at: entry.at }] : [];
      });
      return Promise.resolve({ rows });
    },
  } as unknown as Queryable;

  const locator = (options: Partial<LocatorOptions> = {}): Locator =>
    createLocator({
      pool,
      mmdb,
      canAsk: true,
      now: () => now,
      warn: (message) => warnings.push(message),
      ...options,
    });
  const located = async (on: Locator, ...addresses: (string | null)[]) => {
    const { places, unknown } = await on.locate(addresses);
    return { places: Object.fromEntries(places), unknown };
  };

  it('without a database and without a key is off: no query, no places, nothing to queue', async () => {
    const off = locator({ mmdb: null, canAsk: false });
    cache.set('8.8.8.8', { ...LONDON, at: now });
    expect(await located(off, '8.8.8.8')).toEqual({ places: {}, unknown: [] });
    await off.close();
    expect([queries, counted]).toEqual([[], {}]);
  });

  it('has no place for what is no public address, and asks nobody', async () => {
    expect(await located(locator(), null, '', 'x', '10.0.0.1', '::1')).toEqual({ places: {}, unknown: [] });
    expect(queries).toEqual([]);
  });

  it('asks the cache before the database', async () => {
    cache.set('8.8.8.8', { ...LONDON, at: now });
    database.set('8.8.8.8', PARIS);
    expect(await located(locator(), '8.8.8.8')).toEqual({ places: { '8.8.8.8': LONDON }, unknown: [] });
  });

  it('takes an address that nobody knew as the cache has it, and asks nobody else', async () => {
    cache.set('8.8.8.8', { ...NOWHERE, at: now });
    database.set('8.8.8.8', PARIS);
    expect(await located(locator(), '8.8.8.8')).toEqual({ places: {}, unknown: [] });
  });

  it('queues what nothing here knows, each time', async () => {
    const on = locator();
    database.set('9.9.9.9', PARIS);
    const expected = { places: { '9.9.9.9': PARIS }, unknown: ['8.8.8.8 8.8.8.8'] };
    expect(await located(on, '8.8.8.8', '9.9.9.9')).toEqual(expected);
    expect(await located(on, '8.8.8.8', '9.9.9.9')).toEqual(expected);
  });

  it('queues nothing without a key, and remembers that nothing is known', async () => {
    const on = locator({ canAsk: false });
    expect(await located(on, '8.8.8.8')).toEqual({ places: {}, unknown: [] });
    expect(await located(on, '8.8.8.8')).toEqual({ places: {}, unknown: [] });
    expect(queries).toEqual([['8.8.8.8']]);
  });

  it('asks the cache once a call, for each address once, whatever its spelling', async () => {
    cache.set('8.8.8.8', { ...LONDON, at: now });
    const spellings = ['8.8.8.8', '::ffff:8.8.8.8', '::ffff:808:808'];
    const on = locator();
    const { places } = await located(on, ...spellings, ...spellings, '9.9.9.9', '::ffff:9.9.9.9');
    expect(places).toEqual(Object.fromEntries(spellings.map((spelling) => [spelling, LONDON])));
    expect(queries).toEqual([['8.8.8.8', '9.9.9.9']]);
  });

  it('queues an address with each of its spellings', async () => {
    const { unknown } = await located(locator(), '::ffff:8.8.8.8', '8.8.8.8');
    expect(unknown).toEqual(['8.8.8.8 ::ffff:8.8.8.8', '8.8.8.8 8.8.8.8']);
  });

  it('asks the cache no more for what it remembers', async () => {
    cache.set('8.8.8.8', { ...LONDON, at: now });
    cache.set('9.9.9.9', { ...NOWHERE, at: now });
    const on = locator();
    await located(on, '8.8.8.8', '9.9.9.9');
    expect(await located(on, '8.8.8.8', '9.9.9.9')).toEqual({ places: { '8.8.8.8': LONDON }, unknown: [] });
    expect(queries).toHaveLength(1);
  });

  it('remembers only so many addresses', async () => {
    const on = locator({ remembered: 2, canAsk: false });
    await located(on, '1.0.0.1', '1.0.0.2', '1.0.0.3');
    await located(on, '1.0.0.3', '1.0.0.2', '1.0.0.1');
    expect(queries.at(-1)).toEqual(['1.0.0.1']);
  });

  it.each([
    ['a place', LONDON, 90 * DAY],
    ['an address that nobody knew', NOWHERE, 7 * DAY],
  ])(
    'takes %s from the cache and from memory until its time is over, and not at that time',
    async (_, place, ttl) => {
      cache.set('8.8.8.8', { ...place, at: now });
      const early = locator();
      await located(early, '8.8.8.8');
      now = START + ttl - 1;
      expect((await located(early, '8.8.8.8')).unknown).toEqual([]);
      expect((await located(locator(), '8.8.8.8')).unknown).toEqual([]);
      now = START + ttl;
      expect((await located(early, '8.8.8.8')).unknown).toEqual(['8.8.8.8 8.8.8.8']);
      expect((await located(locator(), '8.8.8.8')).unknown).toEqual(['8.8.8.8 8.8.8.8']);
    },
  );

  it('forgets what it remembers when a database was read again', async () => {
    const on = locator({ canAsk: false });
    await located(on, '8.8.8.8');
    database.set('8.8.8.8', PARIS);
    expect((await located(on, '8.8.8.8')).places).toEqual({});
    mmdb.version += 1;
    expect((await located(on, '8.8.8.8')).places).toEqual({ '8.8.8.8': PARIS });
  });

  it('counts what answered, by day', async () => {
    const on = locator();
    cache.set('8.8.8.8', { ...LONDON, at: now });
    cache.set('7.7.7.7', { ...NOWHERE, at: now });
    database.set('9.9.9.9', PARIS);
    await located(on, null, '10.0.0.1', 'x', '8.8.8.8', '8.8.8.8', '7.7.7.7', '9.9.9.9', '6.6.6.6');
    await located(on, '8.8.8.8', '7.7.7.7', '6.6.6.6');
    await on.close();
    expect(counted).toEqual({
      '2026-01-01 private': 2,
      '2026-01-01 cache': 2,
      '2026-01-01 mmdb': 1,
      '2026-01-01 unknown': 2,
      '2026-01-01 memory': 2,
    });
  });

  it('does not fail when counting does, and counts it later', async () => {
    const on = locator();
    countingFails = true;
    await located(on, '10.0.0.1');
    await on.close();
    expect(warnings).toEqual(['lookups of locations could not be counted: Postgres is away']);
    countingFails = false;
    await located(on, '10.0.0.2');
    await on.close();
    expect(counted).toEqual({ '2026-01-01 private': 2 });
  });
});
