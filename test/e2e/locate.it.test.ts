/** Location from the queue to the row, with a worker, its workflow and a service on loopback; and what people see of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { QUEUE_ADDRESSES, queueEntry } from '../../src/io/postgres/geoQueue.js';
import { LOCATE_ID } from '../../src/worker/startLocate.js';
import { errorBody, startIp2LocationStub, type Ip2LocationStub } from '../io/geo/ip2locationStub.js';
import { createGeoDatabase, insertSessions, type GeoDatabase } from '../support/geoDatabase.js';
import { sharedStack } from '../support/stack.js';
import { eventually, uniqueName, Weir } from '../support/weir.js';

const KEY = 'secret-key-of-a-test';

describe('the locate workflow', () => {
  let weir: Weir;
  let stub: Ip2LocationStub;
  let database: GeoDatabase;
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
