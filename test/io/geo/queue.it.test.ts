/** The queue of addresses: who enters, takes and answers them at the same time never misses a row, and never asks twice. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { NOWHERE } from '../../../src/io/geo/place.js';
import { countRequest } from '../../../src/io/postgres/geoBudget.js';
import { readGeoCache } from '../../../src/io/postgres/geoCache.js';
import { QUEUE_ADDRESSES, queueEntry } from '../../../src/io/postgres/geoQueue.js';
import { requeueAddresses } from '../../../src/io/postgres/geoRequeue.js';
import { storePlace } from '../../../src/io/postgres/geoStore.js';
import { giveBackAddress, takeNextAddress } from '../../../src/io/postgres/geoTakeNext.js';
import type { TestDatabase } from '../../support/database.js';
import {
  createGeoDatabase,
  insertSessions,
  sessionPlaces,
  type TestSession,
} from '../../support/geoDatabase.js';
import { eventually } from '../../support/weir.js';

const NOW = Date.UTC(2026, 0, 1);
const LONDON = { country: 'GB', state: 'England', city: 'London' };
const IP = '8.8.8.8';
const ANSWER = { place: LONDON, rememberAt: NOW };

describe('the queue of addresses', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  beforeAll(async () => {
    database = await createGeoDatabase();
    ({ pool } = database);
  });
  afterAll(() => database.drop());
  beforeEach(async () => {
    await pool.query('truncate weir.geo_queue, weir.geo_cache, weir.geo_budget, public.user_sessions');
  });

  const queue = (db: Pick<pg.ClientBase, 'query'>, ...entries: [address: string, spelling: string][]) =>
    db.query(QUEUE_ADDRESSES(1), [entries.map(([address, spelling]) => queueEntry(address, spelling))]);

  /** Rows and queue in one statement, as the sink writes them. */
  function write(db: Pick<pg.ClientBase, 'query'>, session: TestSession) {
    const rows = insertSessions([session]);
    return db.query(`with queued as (${QUEUE_ADDRESSES(8)}) ${rows.text}`, [
      ...rows.values,
      [queueEntry(IP, session.ip!)],
    ]);
  }

  async function queued() {
    const { rows } = await pool.query('select ip, spellings from weir.geo_queue order by ip');
    return (rows as { ip: string; spellings: string[] }[]).map(({ ip, spellings }) => [
      ip,
      ...spellings.toSorted(),
    ]);
  }

  /** Waits until `count` connections to this database wait for a lock. */
  const waiting = (count: number) =>
    eventually(`${count} to wait`, async () => {
      const { rowCount } = await pool.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return rowCount === count;
    });

  /** A transaction beside the others; it does not outlive the test. */
  async function beside<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await pool.connect();
    try {
      await client.query('begin');
      return await work(client);
    } finally {
      client.release(true);
    }
  }

  it('holds an address once, with all its spellings, however many commits enter it at a time', async () => {
    const addresses = Array.from({ length: 50 }, (_, index) => `1.0.0.${index}`);
    await Promise.all(
      Array.from({ length: 20 }, (_, turn) => {
        const spelling = (address: string) => (turn % 2 === 0 ? address : `::ffff:${address}`);
        const turned = [...addresses.slice(turn), ...addresses.slice(0, turn)];
        return queue(pool, ...turned.map((address): [string, string] => [address, spelling(address)]));
      }),
    );
    expect(await queued()).toEqual(
      addresses.toSorted().map((address) => [address, address, `::ffff:${address}`]),
    );
  });

  it('takes two spellings of one address in one commit', async () => {
    await queue(pool, [IP, IP], [IP, '::ffff:808:808'], [IP, IP]);
    expect(await queued()).toEqual([[IP, IP, '::ffff:808:808']]);
  });

  it('takes nothing when the commit is fenced', async () => {
    await pool.query(QUEUE_ADDRESSES(1, 'exists (select where false)'), [[queueEntry(IP, IP)]]);
    expect(await queued()).toEqual([]);
  });

  describe('taking', () => {
    it('gives an address to one taker, the oldest first', async () => {
      for (const ip of ['3.0.0.1', '1.0.0.1', '2.0.0.1']) await queue(pool, [ip, ip]);
      const taken = await Promise.all([1, 2, 3, 4].map(() => takeNextAddress(pool)));
      expect(taken.map((each) => each?.ip ?? 'none').toSorted()).toEqual(
        ['1.0.0.1', '2.0.0.1', '3.0.0.1', 'none'].toSorted(),
      );
      await pool.query('update weir.geo_queue set asked_at = null');
      expect((await takeNextAddress(pool))!.ip).toBe('3.0.0.1');
    });

    it.each([
      [59, null],
      [61, IP],
    ])('after %i seconds without an answer gives %s', async (seconds, ip) => {
      await queue(pool, [IP, IP]);
      await takeNextAddress(pool);
      await pool.query('update weir.geo_queue set asked_at = now() - make_interval(secs => $1)', [seconds]);
      expect((await takeNextAddress(pool))?.ip ?? null).toBe(ip);
    });

    it('gives an address that failed behind those that were never tried', async () => {
      await queue(pool, ['1.0.0.1', '1.0.0.1']);
      await giveBackAddress(pool, (await takeNextAddress(pool))!.ip, 'HTTP 500');
      await queue(pool, ['2.0.0.1', '2.0.0.1']);
      expect((await takeNextAddress(pool))!.ip).toBe('2.0.0.1');
      expect((await takeNextAddress(pool))!.ip).toBe('1.0.0.1');
    });
  });

  describe('an answer', () => {
    it('fills the rows of all jobs, dates and spellings that have no location, and no others', async () => {
      const rows: TestSession[] = [
        { ip: IP, job: 'a', date: '2026-01-01' },
        { ip: IP, job: 'b', date: '2026-02-01' },
        { ip: '::ffff:8.8.8.8' },
        { ip: IP, country: 'US' },
        { ip: IP, city: 'Milton' },
        { ip: '9.9.9.9' },
        { ip: null },
      ];
      const { text, values } = insertSessions(rows);
      await pool.query(text, values);
      await queue(pool, [IP, IP], [IP, '::ffff:8.8.8.8']);
      expect(await storePlace(pool, (await takeNextAddress(pool))!, ANSWER)).toBe(3);
      expect(await sessionPlaces(pool)).toEqual([
        ' -/-/-',
        '8.8.8.8 -/-/Milton',
        '8.8.8.8 GB/England/London',
        '8.8.8.8 GB/England/London',
        '8.8.8.8 US/-/-',
        '9.9.9.9 -/-/-',
        '::ffff:8.8.8.8 GB/England/London',
      ]);
      expect(await queued()).toEqual([]);
      expect((await readGeoCache(pool, [IP], NOW)).get(IP)!.place).toEqual(LONDON);
    });

    it('that nobody knows the address is remembered, and fills nothing', async () => {
      await write(pool, { ip: IP });
      const taken = (await takeNextAddress(pool))!;
      expect(await storePlace(pool, taken, { place: NOWHERE, rememberAt: NOW })).toBe(0);
      expect(await sessionPlaces(pool)).toEqual(['8.8.8.8 -/-/-']);
      expect((await readGeoCache(pool, [IP], NOW)).get(IP)!.place).toEqual(NOWHERE);
    });

    it('that is not to be remembered leaves the cache as it is', async () => {
      await write(pool, { ip: IP });
      await storePlace(pool, (await takeNextAddress(pool))!, { place: LONDON, rememberAt: null });
      expect(await sessionPlaces(pool)).toEqual(['8.8.8.8 GB/England/London']);
      expect((await readGeoCache(pool, [IP], NOW)).size).toBe(0);
    });

    it('waits for a commit that is just writing rows of the address, and fills them', async () => {
      await write(pool, { ip: IP });
      const taken = (await takeNextAddress(pool))!;
      const filled = await beside(async (sink) => {
        await write(sink, { ip: '::ffff:8.8.8.8' });
        const stored = storePlace(pool, taken, ANSWER);
        await waiting(1);
        await sink.query('commit');
        return stored;
      });
      expect(filled).toBe(2);
      expect(await queued()).toEqual([]);
    });

    it('that a commit waits for leaves the address in the queue for its rows', async () => {
      await write(pool, { ip: IP });
      const taken = (await takeNextAddress(pool))!;
      await beside(async (other) => {
        await other.query('insert into weir.geo_cache (ip, looked_up_at) values ($1, now())', [IP]);
        const stored = storePlace(pool, taken, ANSWER); // holds the queue's row, and waits for the cache's
        await waiting(1);
        const written = write(pool, { ip: IP });
        await waiting(2);
        await other.query('rollback');
        await Promise.all([stored, written]);
      });
      expect(await sessionPlaces(pool)).toEqual(['8.8.8.8 -/-/-', '8.8.8.8 GB/England/London']);
      expect(await queued()).toEqual([[IP, IP]]);
    });

    it('is stored in the end when it and a commit wait for each other', async () => {
      await write(pool, { ip: IP });
      const taken = (await takeNextAddress(pool))!;
      const filled = await beside(async (sink) => {
        await sink.query("set local deadlock_timeout = '1min'"); // the answer is the one that gives way
        await sink.query('update public.user_sessions set event_count = 2');
        const stored = storePlace(pool, taken, ANSWER);
        await waiting(1);
        await queue(sink, [IP, IP]);
        await sink.query('commit');
        return stored;
      });
      expect(filled).toBe(1);
    });
  });

  it('the budget is counted exactly, however many count at a time', async () => {
    const count = (budget: number) => countRequest(pool, '2026-01-01', budget);
    const counted = await Promise.all(Array.from({ length: 20 }, () => count(7)));
    expect(counted.filter(Boolean)).toHaveLength(7);
    expect([await count(7), await count(8), await count(8)]).toEqual([false, true, false]);
    expect(await countRequest(pool, '2026-01-02', 1)).toBe(true);
    expect(await countRequest(pool, '2026-01-03', 0)).toBe(false);
  });

  describe('requeue', () => {
    const insert = async (...rows: TestSession[]) => {
      const { text, values } = insertSessions(rows);
      await pool.query(text, values);
    };
    const all = { job: null, since: null };

    it('takes the public addresses of rows without a location, each once', async () => {
      await insert(
        { ip: IP },
        { ip: IP },
        { ip: '::ffff:8.8.8.8' },
        { ip: '10.0.0.1' },
        { ip: 'x' },
        { ip: null },
        { ip: '9.9.9.9', country: 'US' },
      );
      expect(await requeueAddresses(pool, all)).toBe(1);
      expect(await queued()).toEqual([[IP, IP, '::ffff:8.8.8.8']]);
    });

    it.each([999, 1000, 1001, 2000])('takes %i addresses', async (count) => {
      await insert(
        ...Array.from({ length: count }, (_, index) => ({ ip: `1.1.${index >> 8}.${index & 255}` })),
      );
      expect(await requeueAddresses(pool, all)).toBe(count);
      expect(await queued()).toHaveLength(count);
    });

    it('takes one job, and sessions from a day on', async () => {
      await insert(
        { ip: '1.0.0.1', job: 'a', date: '2026-01-01' },
        { ip: '1.0.0.2', job: 'a', date: '2026-01-02' },
        { ip: '1.0.0.3', job: 'b', date: '2026-01-02' },
      );
      expect(await requeueAddresses(pool, { job: 'a', since: '2026-01-02' })).toBe(1);
      expect(await queued()).toEqual([['1.0.0.2', '1.0.0.2']]);
      expect(await requeueAddresses(pool, { job: null, since: '2026-01-02' })).toBe(2);
      expect(await requeueAddresses(pool, { job: 'a', since: null })).toBe(2);
    });
  });
});
