/** The work on the queue of addresses, against a service on loopback and by a made-up clock: nothing waits in earnest. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { createLocateAddresses } from '../../src/activities/locateAddresses.js';
import { locateQueue, type LocateDependencies, type LocateReport } from '../../src/activities/locateQueue.js';
import { createIp2Location } from '../../src/io/geo/ip2location.js';
import type { Mmdb } from '../../src/io/geo/mmdb.js';
import type { Place } from '../../src/io/geo/place.js';
import { QUEUE_ADDRESSES, queueEntry } from '../../src/io/postgres/geoQueue.js';
import { requeueAddresses } from '../../src/io/postgres/geoRequeue.js';
import type { TestDatabase } from '../support/database.js';
import { createGeoDatabase, insertSessions, sessionPlaces } from '../support/geoDatabase.js';
import {
  errorBody,
  placeBody,
  startIp2LocationStub,
  type Ip2LocationStub,
} from '../io/geo/ip2locationStub.js';

const START = Date.UTC(2026, 0, 1, 12);
const MINUTE = 60_000;
const PARIS: Place = { country: 'FR', state: null, city: 'Paris' };

describe('the work on the queue of addresses', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let stub: Ip2LocationStub;
  let now: number;
  /** When the requests came, by the made-up clock. */
  let times: number[];

  beforeAll(async () => {
    database = await createGeoDatabase();
    ({ pool } = database);
    stub = await startIp2LocationStub();
  });
  afterAll(async () => {
    await stub.close();
    await database.drop();
  });
  beforeEach(async () => {
    await pool.query('truncate weir.geo_queue, weir.geo_cache, weir.geo_budget, public.user_sessions');
    now = START;
    times = [];
    stub.asked.length = 0;
    answers((address) => ({ body: placeBody(address) }));
  });

  function answers(answer: Ip2LocationStub['answer']): void {
    stub.answer = (address) => {
      times.push(now);
      return answer(address);
    };
  }

  /** A session row and a queue entry for each, in one statement, as the sink writes them. */
  async function write(...addresses: string[]): Promise<void> {
    const rows = insertSessions(addresses.map((ip) => ({ ip })));
    await pool.query(`with queued as (${QUEUE_ADDRESSES(8)}) ${rows.text}`, [
      ...rows.values,
      addresses.map((ip) => queueEntry(ip, ip)),
    ]);
  }

  async function queued(): Promise<number> {
    const { rows } = await pool.query('select count(*) as count from weir.geo_queue');
    return (rows[0] as { count: number }).count;
  }

  function mmdbOf(places: Record<string, Place>): Mmdb {
    return {
      version: 0,
      lookUp: (ip) => places[ip] ?? null,
      refresh: () => Promise.resolve(),
      close: () => {},
    };
  }

  function dependencies(options: Partial<LocateDependencies> = {}): LocateDependencies {
    const ask = createIp2Location({ url: stub.url, key: 'secret-key', timeoutMs: 100 });
    return { pool, mmdb: null, ask, ratePerSecond: 1000, budgetPerDay: 1000, ...options };
  }

  /** One call of the activity; time passes by its sleeping alone. */
  function call(
    before: LocateReport | null,
    options: Partial<LocateDependencies> = {},
  ): Promise<LocateReport> {
    return locateQueue(before, dependencies(options), {
      now: () => now,
      sleep: (ms) => Promise.resolve(void (now += ms)),
      stopped: () => false,
    });
  }

  /** Calls like the workflow, until the queue is empty. */
  async function calls(options: Partial<LocateDependencies> = {}): Promise<LocateReport[]> {
    const reports: LocateReport[] = [];
    while (reports.length === 0 || (await queued()) > 0) {
      reports.push(await call(reports.at(-1) ?? null, options));
      if (reports.length > 1000) throw new Error('the queue does not get empty');
    }
    return reports;
  }

  it('asks once for an address, however many sessions, commits and workers want to know it', async () => {
    const addresses = Array.from({ length: 20 }, (_, index) => `1.0.0.${index}`);
    const commits = Array.from({ length: 10 }, () => write(...addresses));
    await Promise.all([...commits, calls(), calls(), calls()]);
    await calls();
    expect(stub.asked.toSorted()).toEqual(addresses.toSorted());
    const places = await sessionPlaces(pool);
    expect(places).toHaveLength(200);
    for (const line of places) expect(line).toMatch(/^(\S+) GB\/Region of \1\/City of \1$/);
  });

  it('does not ask again for an address that the service does not know', async () => {
    answers((ip) => ({ body: { ip, country_code: '-', region_name: '-', city_name: '-' } }));
    await write('1.0.0.1');
    await calls();
    expect(await requeueAddresses(pool, { job: null, since: null })).toBe(1);
    await calls();
    expect(stub.asked).toEqual(['1.0.0.1']);
    expect(await sessionPlaces(pool)).toEqual(['1.0.0.1 -/-/-']);
  });

  it('does not ask again for an address that the service takes for none', async () => {
    answers(() => ({ status: 400, body: errorBody(10_002, 'Invalid IP address.') }));
    await write('1.0.0.1');
    const [report] = await calls();
    await write('1.0.0.1');
    await calls();
    expect(stub.asked).toEqual(['1.0.0.1']);
    expect(report).toMatchObject({ asking: { phase: 'asking' }, lastError: null });
  });

  it('asks for an address again when what was known has become old', async () => {
    await write('1.0.0.1');
    await calls();
    now = START + 90 * 24 * 60 * MINUTE + MINUTE;
    await write('1.0.0.1');
    await calls();
    expect(stub.asked).toEqual(['1.0.0.1', '1.0.0.1']);
  });

  it('takes what the cache and the databases know without a request, also when none may be sent', async () => {
    const mmdb = mmdbOf({ '1.0.0.2': PARIS });
    await write('1.0.0.1');
    await calls();
    await write('1.0.0.1', '1.0.0.2', '1.0.0.3');
    const report = await call(null, { mmdb, budgetPerDay: 1 });
    expect(stub.asked).toEqual(['1.0.0.1']);
    expect(await sessionPlaces(pool)).toEqual([
      '1.0.0.1 GB/Region of 1.0.0.1/City of 1.0.0.1',
      '1.0.0.1 GB/Region of 1.0.0.1/City of 1.0.0.1',
      '1.0.0.2 FR/-/Paris',
      '1.0.0.3 -/-/-',
    ]);
    expect(report).toMatchObject({ queued: 1, asking: { phase: 'spent' } });
  });

  it('with a database and no key gives up what the database does not know', async () => {
    await write('1.0.0.1', '1.0.0.2');
    const [report] = await calls({ ask: null, mmdb: mmdbOf({ '1.0.0.2': PARIS }) });
    expect(await sessionPlaces(pool)).toEqual(['1.0.0.1 -/-/-', '1.0.0.2 FR/-/Paris']);
    expect(report).toMatchObject({ queued: 0, asked: 0, budget: null });
    const { rowCount } = await pool.query('select from weir.geo_cache');
    expect(rowCount).toBe(0);
  });

  it.each([
    [5, 200],
    [0.5, 2000],
  ])('at %d requests a second sends them %i ms apart', async (ratePerSecond, apart) => {
    await write('1.0.0.1', '1.0.0.2', '1.0.0.3');
    await calls({ ratePerSecond });
    expect(times).toEqual([START, START + apart, START + 2 * apart]);
  });

  it('goes on the next UTC day when the budget of a day is spent', async () => {
    const addresses = Array.from({ length: 5 }, (_, index) => `1.0.0.${index}`);
    await write(...addresses);
    const spent = await call(null, { budgetPerDay: 2 });
    expect(spent).toMatchObject({
      asking: { phase: 'spent', until: Date.UTC(2026, 0, 2) },
      queued: 3,
      asked: 2,
      budget: 2,
    });
    await calls({ budgetPerDay: 2 });
    expect(stub.asked).toHaveLength(5);
    expect(times.map((time) => new Date(time).toISOString().slice(0, 10))).toEqual([
      '2026-01-01',
      '2026-01-01',
      '2026-01-02',
      '2026-01-02',
      '2026-01-03',
    ]);
    const { rows } = await pool.query('select day::text, requests from weir.geo_budget order by day');
    expect(rows).toEqual([
      { day: '2026-01-01', requests: 2 },
      { day: '2026-01-02', requests: 2 },
      { day: '2026-01-03', requests: 1 },
    ]);
  });

  it('goes on at once when the budget was raised', async () => {
    await write('1.0.0.1', '1.0.0.2');
    const spent = await call(null, { budgetPerDay: 1 });
    expect(await call(spent, { budgetPerDay: 2 })).toMatchObject({ asking: { phase: 'asking' }, queued: 0 });
    expect(times).toEqual([START, START + 1]); // as the rate has it
  });

  it('says that the key is refused, and tries again every 10 minutes', async () => {
    answers(() =>
      now < START + 25 * MINUTE
        ? { body: errorBody(10_000, 'Invalid API key or insufficient credit.') }
        : { body: placeBody('x') },
    );
    await write('1.0.0.1', '1.0.0.2');
    const reports = await calls();
    expect(times.slice(0, 4)).toEqual([0, 10, 20, 30].map((minutes) => START + minutes * MINUTE));
    expect(reports[0]).toMatchObject({
      asking: { phase: 'refused', until: START + 10 * MINUTE },
      lastError: { at: START, message: 'HTTP 200 10000 Invalid API key or insufficient credit.' },
      queued: 2,
    });
    expect(reports.at(-1)).toMatchObject({ asking: { phase: 'asking' }, queued: 0 });
  });

  it('after an hour in which the service was away fills every row, and has hardly asked meanwhile', async () => {
    answers((ip) => (now < START + 60 * MINUTE ? 'cut' : { body: placeBody(ip) }));
    const addresses = Array.from({ length: 10 }, (_, index) => `1.0.0.${index}`);
    await write(...addresses);
    const reports = await calls();
    const minutes = times.filter((time) => time < START + 60 * MINUTE).map((time) => (time - START) / MINUTE);
    // Five in a row, then after 1, 2, 4, 8, 16 and 30 minutes more.
    expect(minutes.map(Math.round)).toEqual([0, 0, 0, 0, 0, 1, 3, 7, 15, 31]);
    expect(reports[0]).toMatchObject({
      asking: { phase: 'away' },
      lastError: { at: expect.any(Number) as number },
    });
    expect(reports.at(-1)).toMatchObject({ asking: { phase: 'asking' }, queued: 0 });
    const places = await sessionPlaces(pool);
    expect(places.filter((line) => line.includes('GB'))).toHaveLength(10);
  });

  it.each<[string, ReturnType<Ip2LocationStub['answer']>]>([
    ['says 429', { status: 429, body: '' }],
    ['says 500', { status: 500, body: '' }],
    ['does not answer in time', 'hang'],
    ['says something else', { body: 'hello' }],
  ])('keeps an address whose service %s, and says the error', async (_, answer) => {
    answers(() => answer);
    await write('1.0.0.1');
    const report = await call(null);
    expect(report).toMatchObject({ asking: { phase: 'away', failures: 5 }, queued: 1 });
    const { rows } = await pool.query('select last_error from weir.geo_queue');
    expect(rows).toEqual([{ last_error: report.lastError!.message }]);
    answers((ip) => ({ body: placeBody(ip) }));
    expect(await call(report)).toMatchObject({ asking: { phase: 'asking', failures: 0 }, queued: 0 });
  });

  it('one address that always fails does not hold the others', async () => {
    answers((ip) => (ip === '1.0.0.1' ? { status: 500, body: '' } : { body: placeBody(ip) }));
    await write('1.0.0.1');
    await write('1.0.0.2', '1.0.0.3');
    await call(null);
    expect((await sessionPlaces(pool)).filter((line) => line.includes('GB'))).toHaveLength(2);
  });

  it('at rest stays inside for 10 minutes', async () => {
    expect(await call(null)).toMatchObject({ queued: 0, asking: { phase: 'asking' }, lastError: null });
    expect(now - START).toBe(10 * MINUTE);
  });

  it('ends after the address at hand when it is to stop', async () => {
    await write('1.0.0.1', '1.0.0.2');
    const report = await locateQueue(null, dependencies(), {
      now: () => now,
      sleep: () => Promise.reject(new Error('not asleep')),
      stopped: () => stub.asked.length === 1,
    });
    expect(report).toMatchObject({ queued: 1, asked: 1 });
    expect((await sessionPlaces(pool)).filter((line) => line.includes('GB'))).toHaveLength(1);
  });

  it('is left to another worker by one without settings', async () => {
    await expect(createLocateAddresses(null)(null)).rejects.toMatchObject({
      type: 'NotConfigured',
      nonRetryable: false,
    });
  });
});
