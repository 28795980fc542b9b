/** Location from the queue to the row, with a worker, its workflow and a service on loopback; and what people see of it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { QUEUE_ADDRESSES, queueEntry } from '../../src/io/postgres/geoQueue.js';
import { LOCATE_ID } from '../../src/worker/startLocate.js';
import { errorBody, startIp2LocationStub, type Ip2LocationStub } from '../io/geo/ip2locationStub.js';
import type { TestDatabase } from '../support/database.js';
import { createGeoDatabase, insertSessions, sessionPlaces } from '../support/geoDatabase.js';
import { sharedStack } from '../support/stack.js';
import { eventually, uniqueName, Weir } from '../support/weir.js';

const KEY = 'secret-key-of-a-test';

describe('the locate workflow', () => {
  let weir: Weir;
  let stub: Ip2LocationStub;
  let database: TestDatabase;
  const job = uniqueName('located');

  beforeAll(async () => {
    stub = await startIp2LocationStub();
    database = await createGeoDatabase();
    weir = await Weir.on({ ...sharedStack(), postgresUrl: database.url });
    Object.assign(weir.env, {
      IP2LOCATION_KEY: KEY,
      IP2LOCATION_URL: stub.url,
      IP2LOCATION_BUDGET: '1000000',
    });
    await weir.startWorker();
  });
  afterAll(async () => {
    await weir.client.workflow.getHandle(LOCATE_ID).terminate('the test is over');
    await weir.close();
    await stub.close();
    await database.drop();
  });

  /** Queued only where asked. */
  async function write(ips: string[], queued: boolean): Promise<void> {
    const rows = insertSessions(ips.map((ip) => ({ ip, job })));
    await weir.pool.query(`with queued as (${QUEUE_ADDRESSES(8)}) ${rows.text}`, [
      ...rows.values,
      queued ? ips.map((ip) => queueEntry(ip, ip)) : [],
    ]);
  }

  async function city(ip: string): Promise<string | null> {
    const { rows } = await weir.pool.query(
      'select city from public.user_sessions where job = $1 and ip = $2',
      [job, ip],
    );
    return (rows[0] as { city: string | null }).city;
  }

  const progress = () =>
    weir.client.workflow.getHandle(LOCATE_ID).query<Record<string, string | number>>('progress');

  it('is started by the worker, and fills the rows of addresses in the queue', async () => {
    await write(['1.0.0.1', '1.0.0.2'], true);
    for (const ip of ['1.0.0.1', '1.0.0.2']) {
      await eventually(`the city of ${ip}`, async () => (await city(ip)) === `City of ${ip}`);
    }
    expect(stub.asked.toSorted()).toEqual(['1.0.0.1', '1.0.0.2']);
  });

  it('is one, whoever else starts', async () => {
    const before = await weir.client.workflow.getHandle(LOCATE_ID).describe();
    await weir.stopWorker();
    await weir.startWorker();
    await write(['1.0.0.3'], true);
    await eventually('the city', async () => (await city('1.0.0.3')) === 'City of 1.0.0.3');
    const after = await weir.client.workflow.getHandle(LOCATE_ID).describe();
    expect(after.runId).toBe(before.runId);
    expect(await weir.workerLog()).not.toContain('cannot be started');
  });

  it('is asked for rows without a location by `weir geo requeue`', async () => {
    await write(['1.0.0.4', '10.0.0.1'], false);
    expect(await weir.weir('geo', 'requeue', '--job', job)).toBe('1 address queued\n');
    await eventually('the city', async () => (await city('1.0.0.4')) === 'City of 1.0.0.4');
  });

  it('says that the service refuses the key, in its progress and its details, and nobody tells the key', async () => {
    stub.answer = () => ({ status: 401, body: errorBody(10_000, `Invalid API key ${KEY}`) });
    await write(['1.0.0.5'], true);
    const shown = await eventually('the refusal', async () => {
      const now = await progress();
      return String(now['state']).includes('refuses the key') && now;
    });
    expect(shown).toMatchObject({
      queued: 1,
      'last error': expect.stringMatching(/^20\S+Z HTTP 401 10000 /) as string,
    });
    const details = await weir.temporal(
      'workflow',
      'metadata',
      '--workflow-id',
      LOCATE_ID,
      '--output',
      'json',
    );
    expect(details).toContain('refuses the key');
    const history = await weir.temporal('workflow', 'show', '--workflow-id', LOCATE_ID, '--output', 'json');
    const log = await weir.workerLog();
    for (const text of [JSON.stringify(shown), details, history, log]) expect(text).not.toContain(KEY);
    expect(stub.requests.at(-1)!.searchParams.get('key')).toBe(KEY);
  });

  it('is shown by `weir geo`', async () => {
    const text = await weir.weir('geo');
    expect(text).toMatch(
      /^queue: 1 addresses, the oldest since 20\S+Z\nfailing: 1, such as: HTTP 401 10000 /,
    );
    expect(text).toMatch(
      /requests today: \d+ of 1000000\ncache: \d+ places, \d+ addresses that nobody knew\n/,
    );
    const status = JSON.parse(await weir.weir('geo', '--json')) as Record<string, unknown>;
    expect(status).toMatchObject({
      queued: 1,
      failing: 1,
      budget: 1_000_000,
      lookups: { today: {}, week: {} },
    });
    expect(status['oldestQueuedAt']).toBeTypeOf('number');
    expect(text + JSON.stringify(status)).not.toContain(KEY);
  });

  it('exits with 2 for a date that is none', async () => {
    await expect(weir.weir('geo', 'requeue', '--since', 'yesterday')).rejects.toThrow(
      /ended with 2[^]*--since "yesterday"/,
    );
    await expect(weir.weir('geo', 'requeue', '--bogus')).rejects.toThrow('ended with 2');
  });
});

// Here, and not in a file of its own: there is one `weir/locate` in a namespace, and this stack has one.
const MMDB = join(import.meta.dirname, '../../../shared/data/GeoLite2-City-Test.mmdb');
const there = existsSync(MMDB);
if (!there) console.log(`skipped, since ${MMDB} is absent: places of sessions from an MMDB`);

const PLACES = {
  '81.2.69.142': 'GB/England/London',
  '216.160.83.56': 'US/Washington/Milton',
  '89.160.20.112': 'SE/Östergötland County/Linköping',
  '175.16.199.0': 'CN/Jilin Sheng/Changchun',
  '2.125.160.216': 'GB/England/Boxford',
  '::ffff:81.2.69.142': 'GB/England/London',
  '10.1.2.3': '-/-/-',
  'not an address': '-/-/-',
};

describe('places of sessions', () => {
  let weir: Weir;
  let stub: Ip2LocationStub;
  let database: TestDatabase;
  let away = true;

  beforeAll(async () => {
    stub = await startIp2LocationStub();
    database = await createGeoDatabase();
    weir = await Weir.on({ ...sharedStack(), postgresUrl: database.url });
    Object.assign(weir.env, {
      IP2LOCATION_KEY: 'key',
      IP2LOCATION_URL: stub.url,
      IP2LOCATION_RATE: '1000',
      ...(there ? { GEOIP_MMDB: MMDB } : {}),
    });
    const { answer } = stub;
    stub.answer = (address) => (away ? 'hang' : answer(address));
    await weir.startWorker();
  });
  afterAll(async () => {
    await weir.client.workflow.getHandle(LOCATE_ID).terminate('the test is over');
    await weir.close();
    await stub.close();
    await database.drop();
  });

  const visit = (ip: string | null, minute: number, user: string | null = null) => ({
    key: ip,
    value: JSON.stringify({ ip, user_id: user, event_time: new Date(minute * 60_000).toISOString() }),
  });

  it.skipIf(!there)(
    'come from the MMDB with the row; private addresses and other texts have none',
    async () => {
      const name = uniqueName('placed');
      const topic = await weir.topic(
        1,
        [...Object.keys(PLACES), null].map((ip) => visit(ip, 0)),
      );
      await weir.start(name, { pipeline: 'sessions', topic });
      await weir.drain(name);
      const expected = Object.entries(PLACES).map(([ip, place]) => `${ip} ${place}`);
      expect(await sessionPlaces(weir.pool)).toEqual([' -/-/-', ...expected].toSorted());
      expect(stub.asked).toEqual([]);
    },
  );

  it('are asked for once an address, however many sessions, partitions and jobs have it; the jobs do not wait', async () => {
    await weir.pool.query('truncate user_sessions');
    const addresses = ['5.5.5.1', '5.5.5.2', '::ffff:5.5.5.2', '5.5.5.3'];
    const visits = [0, 10, 20, 30].flatMap((minute) =>
      addresses.flatMap((ip) => [visit(ip, minute), visit(ip, minute, 'a'), visit(ip, minute, 'b')]),
    );
    const topic = await weir.topic(3, visits);
    const jobs = [uniqueName('asked'), uniqueName('asked')];
    for (const name of jobs) await weir.start(name, { pipeline: 'sessions', topic, partitionedBy: 'key' });
    for (const name of jobs) await weir.drain(name); // the service is away all the time
    const places = await sessionPlaces(weir.pool);
    expect(places).toHaveLength(2 * visits.length);
    expect(places.every((line) => line.endsWith(' -/-/-'))).toBe(true);

    away = false;
    stub.asked.length = 0;
    await eventually(
      'all rows to be filled',
      async () => (await sessionPlaces(weir.pool)).every((line) => line.includes(' GB/Region of 5.5.5.')),
      100_000,
    );
    expect(stub.asked.toSorted()).toEqual(['5.5.5.1', '5.5.5.2', '5.5.5.3']);
  });
});
