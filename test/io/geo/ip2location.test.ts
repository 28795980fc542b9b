import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createIp2Location } from '../../../src/io/geo/ip2location.js';
import { NOWHERE } from '../../../src/io/geo/place.js';
import {
  errorBody,
  placeBody,
  startIp2LocationStub,
  type Ip2LocationStub,
  type StubAnswer,
} from './ip2locationStub.js';

const KEY = 'secret+key/1';
const PLACE = { country_code: 'US', region_name: 'Washington', city_name: 'Milton' };

describe('ip2location.io', () => {
  let stub: Ip2LocationStub;
  beforeAll(async () => {
    stub = await startIp2LocationStub();
  });
  afterAll(() => stub.close());
  beforeEach(() => {
    stub.requests.length = 0;
  });

  const asked = (answer: StubAnswer, address = '8.8.8.8') => {
    stub.answer = () => answer;
    return createIp2Location({ url: stub.url, key: KEY, timeoutMs: 200 })(address);
  };

  it('is asked for one address, with the key', async () => {
    expect(await asked({ body: placeBody('2a00::1') }, '2a00::1')).toEqual({
      kind: 'place',
      place: { country: 'GB', state: 'Region of 2a00::1', city: 'City of 2a00::1' },
    });
    expect(Object.fromEntries(stub.requests[0]!.searchParams)).toEqual({
      ip: '2a00::1',
      key: KEY,
      format: 'json',
    });
  });

  it.each<[string, StubAnswer, object]>([
    ['a whole place', { body: PLACE }, { country: 'US', state: 'Washington', city: 'Milton' }],
    [
      'dashes',
      { body: { country_code: 'US', region_name: '-', city_name: '-' } },
      { ...NOWHERE, country: 'US' },
    ],
    [
      'empty texts',
      { body: { country_code: 'US', region_name: '', city_name: '' } },
      { ...NOWHERE, country: 'US' },
    ],
    [
      'nulls',
      { body: { country_code: 'US', region_name: null, city_name: null } },
      { ...NOWHERE, country: 'US' },
    ],
    ['nothing known', { body: { country_code: '-', region_name: '-', city_name: '-' } }, NOWHERE],
    [
      'an address that it takes for none, with 200',
      { body: errorBody(10_002, 'Invalid IP address.') },
      NOWHERE,
    ],
    ['the same with 400', { status: 400, body: errorBody(10_002, 'Invalid IP address.') }, NOWHERE],
    ['a reserved address', { status: 400, body: errorBody(10_006, 'Reserved IP address.') }, NOWHERE],
  ])('says where the address is: %s', async (_, answer, place) => {
    expect(await asked(answer)).toEqual({ kind: 'place', place });
  });

  it.each<[string, StubAnswer]>([
    ['10000 with 200', { body: errorBody(10_000, 'Invalid API key or insufficient credit.') }],
    ['10000 with 400', { status: 400, body: errorBody(10_000, 'anything') }],
    ['another code that speaks of the key', { body: errorBody(10_001, 'API key not found.') }],
    ['401', { status: 401, body: '' }],
    ['403', { status: 403, body: '<html>' }],
  ])('refuses the key or has no credit: %s', async (_, answer) => {
    expect(await asked(answer)).toMatchObject({ kind: 'refused' });
  });

  it.each<[string, StubAnswer, string]>([
    ['429', { status: 429, body: errorBody(10_000, 'quota') }, 'HTTP 429 10000 quota'],
    ['500', { status: 500, body: '' }, 'HTTP 500'],
    ['503 with something that is no JSON', { status: 503, body: '<html>' }, 'HTTP 503'],
    ['200 with something that is no JSON', { body: '<html>' }, 'HTTP 200'],
    ['200 with another JSON', { body: { ip: '8.8.8.8' } }, 'an answer without country_code'],
    ['200 with a text', { body: '"x"' }, 'HTTP 200'],
    ['an error that is new', { status: 400, body: errorBody(10_099, 'New.') }, 'HTTP 400 10099 New.'],
    ['no answer in time', 'hang', 'no answer within 0.2 s'],
    ['a connection that ends', 'cut', 'other side closed'],
    ['a redirect', { status: 302, body: '' }, ''],
  ])('is asked another time after %s', async (_, answer, message) => {
    expect(await asked(answer)).toEqual({
      kind: 'later',
      message: expect.stringContaining(message) as string,
    });
  });

  it('is asked another time when nothing listens there', async () => {
    const gone = await startIp2LocationStub();
    await gone.close();
    const answer = await createIp2Location({ url: gone.url, key: KEY })('8.8.8.8');
    expect(answer).toEqual({ kind: 'later', message: expect.stringContaining('ECONNREFUSED') as string });
  });

  it('never tells the key, not even when the service does', async () => {
    const said = `key ${KEY} and ${encodeURIComponent(KEY)} are wrong: Invalid API key`;
    const answer = await asked({ status: 401, body: errorBody(10_000, said) });
    expect(JSON.stringify(answer)).not.toMatch(/secret/);
    expect(answer).toMatchObject({ message: 'HTTP 401 10000 key … and … are wrong: Invalid API key' });
  });
});
