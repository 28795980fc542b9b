import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLocator } from '../../../src/io/geo/locator.js';
import { sumLookups } from '../../../src/io/postgres/geoLookups.js';
import type { TestDatabase } from '../../support/database.js';
import { createGeoDatabase } from '../../support/geoDatabase.js';

describe('a locator on Postgres', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createGeoDatabase();
  });
  afterAll(() => database.drop());

  it('takes the addresses of a large commit at once, and its counts add up over the days', async () => {
    const { pool } = database;
    const addresses = Array.from({ length: 12_000 }, (_, index) => `1.0.${index >> 8}.${index & 255}`);
    await pool.query(
      `insert into weir.geo_cache (ip, country, looked_up_at)
       select ip, 'GB', weir.instant($2) from unnest($1::text[]) as ip`,
      [addresses.slice(0, 5000), Date.UTC(2026, 0, 1)],
    );
    let now = Date.UTC(2026, 0, 1);
    const locator = createLocator({
      pool,
      mmdb: null,
      canAsk: true,
      warn: expect.unreachable,
      now: () => now,
    });
    const first = await locator.locate(addresses);
    expect([first.places.size, first.unknown.length]).toEqual([5000, 7000]);
    await locator.close();
    now = Date.UTC(2026, 0, 7);
    await locator.locate(addresses);
    await locator.close();
    expect(await sumLookups(pool, '2026-01-01', 1)).toEqual({ cache: 5000, unknown: 7000 });
    expect(await sumLookups(pool, '2026-01-07', 1)).toEqual({ memory: 5000, unknown: 7000 });
    expect(await sumLookups(pool, '2026-01-07', 7)).toEqual({ cache: 5000, memory: 5000, unknown: 14_000 });
    expect(await sumLookups(pool, '2026-01-08', 7)).toEqual({ memory: 5000, unknown: 7000 });
  });
});
