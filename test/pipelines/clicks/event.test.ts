/** Every form of a click that docs/clicks.md names, and every malformed neighbour of it. */
import { describe, expect, test } from 'vitest';
import { CLICK_FIELDS, decodeClick, keyHash } from '../../../src/pipelines/clicks/event.js';
import { decoding } from '../../support/jsonBytes.js';

const TIME = '2026-01-01T10:00:00Z';
const T = Date.parse(TIME);
const KEY = keyHash('e1');

/** 192.0.2.7 is in Norway here; nothing else is known. */
const countryOf = (ip: string): string | null => (ip === '192.0.2.7' ? 'NO' : null);

const decode = decoding(CLICK_FIELDS, (event) => decodeClick(event, countryOf));

function decoded(event: unknown) {
  return decode(JSON.stringify(event));
}

describe('forms of an event', () => {
  const click = { user_id: 'u1', timestamp: TIME, url: 'https://a/' };
  const whole = { key: KEY, user: 'u1', url: 'https://a/', country: 'US' };
  test.each<[string, unknown, object]>([
    [
      'nested',
      { key: 'e1', click_data: click, geo_data: { country: 'US', city: 'X' }, user_agent_data: {} },
      {},
    ],
    ['row_key', { row_key: 'e1', click_data: click, geo_data: { country: 'US' } }, {}],
    ['event_id', { event_id: 'e1', click_data: click, geo_data: { country: 'US' } }, {}],
    [
      'flat',
      { key: 'e1', ...click, country: 'US', city: 'X', browser: 'B', operating_system: 'O', device: 'D' },
      {},
    ],
    [
      'flat, click_url',
      { key: 'e1', user_id: 'u1', timestamp: TIME, click_url: 'https://a/', country: 'US' },
      {},
    ],
    [
      'nested, click_url',
      { key: 'e1', click_data: { user_id: 'u1', timestamp: TIME, click_url: 'https://a/' }, country: 'US' },
      {},
    ],
    [
      'partly nested',
      { key: 'e1', timestamp: TIME, click_data: { user_id: 'u1', url: 'https://a/' }, country: 'US' },
      {},
    ],
    [
      'null nested, and there flat',
      { key: 'e1', click_data: null, geo_data: null, ...click, country: 'US' },
      {},
    ],
    [
      'nested before flat',
      { key: 'e1', click_data: click, user_id: 'v', url: '/v', geo_data: { country: 'US' }, country: 'V' },
      {},
    ],
    [
      'key before row_key before event_id',
      { key: 'e1', row_key: 'x', event_id: 'y', ...click, country: 'US' },
      {},
    ],
    ['an integer user', { key: 'e1', ...click, user_id: 17, country: 'US' }, { user: '17' }],
    ['the integer user 0', { key: 'e1', ...click, user_id: 0, country: 'US' }, { user: '0' }],
    [
      'the largest safe integer',
      { key: 'e1', ...click, user_id: 9007199254740991, country: 'US' },
      { user: '9007199254740991' },
    ],
    ['no user', { key: 'e1', timestamp: TIME, url: 'https://a/', country: 'US' }, { user: null }],
    ['no key', { ...click, country: 'US' }, { key: null }],
    ['no url', { key: 'e1', user_id: 'u1', timestamp: TIME, country: 'US' }, { url: null }],
    ['no country', { key: 'e1', ...click }, { country: null }],
    ['nothing but a time', { timestamp: TIME }, { key: null, user: null, url: null, country: null }],
    [
      'empty texts, which are texts',
      { key: '', user_id: '', url: '', country: '', timestamp: TIME },
      { key: keyHash(''), user: '', url: '', country: '' },
    ],
    ['an address', { key: 'e1', ...click, ip: '192.0.2.7', user_agent: 'curl/8' }, { country: 'NO' }],
    ['an address in click_data', { key: 'e1', click_data: { ...click, ip: '192.0.2.7' } }, { country: 'NO' }],
    ['an address that nobody knows', { key: 'e1', ...click, ip: '192.0.2.8' }, { country: null }],
    ['an address that is none', { key: 'e1', ...click, ip: 'x' }, { country: null }],
    [
      'a country that is named, whatever the address',
      { key: 'e1', ...click, country: 'Deutschland', ip: '192.0.2.7' },
      { country: 'Deutschland' },
    ],
    ['a country, and no address that could be read', { key: 'e1', ...click, country: 'US', ip: 7 }, {}],
  ])('%s', (_, event, differs) => {
    expect(decoded(event)).toEqual({ reason: null, time: T, item: { ...whole, ...differs } });
  });

  test.each<[unknown, number]>([
    [TIME, T],
    ['2026-01-01T11:00:00.250+01:00', T + 250],
    ['2026-01-01 10:00:00', T],
    ['2026-01-01 10:00:00.5', T + 500],
    [T / 1000, T],
    [T / 1000 + 0.125, T + 125],
    [T, T],
    [String(T / 1000), T],
    [String(T), T],
  ])('timestamp %j, nested and flat', (timestamp, time) => {
    expect(decoded({ timestamp })).toMatchObject({ reason: null, time });
    expect(decoded({ click_data: { timestamp } })).toMatchObject({ reason: null, time });
  });

  test('what is not used may be anything', () => {
    const others = {
      user_agent_data: 5,
      user_agent: [],
      browser: {},
      operating_system: 1,
      device: '\0',
      city: 9,
    };
    expect(decoded({ timestamp: TIME, ...others, geo_data: { city: [] } }).reason).toBeNull();
  });

  test('lone surrogates become U+FFFD', () => {
    expect(decode(`{"timestamp":1,"url":"a\\ud800"}`)).toMatchObject({
      item: { url: 'a\ufffd' },
    });
  });
});

describe('malformed neighbours', () => {
  test.each<[string | null, string]>([
    [null, 'empty'],
    ['', 'empty'],
    ['{', 'bad_json'],
    ['[]', 'bad_json'],
    ['null', 'bad_json'],
    ['"x"', 'bad_json'],
  ])('%j: %s', (value, reason) => expect(decode(value).reason).toBe(reason));

  test.each<[string, unknown]>([
    ['none', {}],
    ['null', { timestamp: null }],
    ['none in click_data', { click_data: {} }],
    ['a word', { timestamp: 'yesterday' }],
    ['a day', { timestamp: '2026-01-01' }],
    ['a day that is not in the calendar', { timestamp: '2026-02-30 10:00:00' }],
    ['local time without a zone', { timestamp: '2026-01-01T10:00:00' }],
    ['a space and a zone', { timestamp: '2026-01-01 10:00:00Z' }],
    ['empty', { timestamp: '' }],
    ['true', { timestamp: true }],
    ['a list', { timestamp: [T] }],
    ['of another name', { event_time: TIME, time: TIME }],
    [
      'a nested one that is wrong, beside a flat one that is right',
      { click_data: { timestamp: 'x' }, timestamp: TIME },
    ],
    ['hidden in a click_data that is no object', { click_data: [{ timestamp: TIME }] }],
  ])('bad_time: %s', (_, event) => expect(decoded(event).reason).toBe('bad_time'));

  const NO_TEXTS = [5, 1.5, true, [], ['a'], {}, 'a\0', 'x'.repeat(262_145)];
  const FIELDS: [string, (value: unknown) => object][] = [
    ['key', (key) => ({ key })],
    ['key', (row_key) => ({ row_key })],
    ['key', (event_id) => ({ event_id })],
    ['url', (url) => ({ url })],
    ['url', (click_url) => ({ click_url })],
    ['url', (url) => ({ click_data: { url } })],
    ['url', (click_url) => ({ click_data: { click_url } })],
    ['country', (country) => ({ country })],
    ['country', (country) => ({ geo_data: { country } })],
    ['ip', (ip) => ({ ip })],
    ['ip', (ip) => ({ click_data: { ip } })],
  ];
  const cases = FIELDS.flatMap(([field, withValue]) =>
    NO_TEXTS.map((value): [string, object] => [field, withValue(value)]),
  );
  test.each(cases)('bad_field: %s, case %#', (field, event) => {
    expect(decoded({ timestamp: TIME, ...event }).reason).toBe(`bad_field: ${field}`);
  });

  test.each([1.5, 2 ** 53, -(2 ** 53), true, [], {}, '\0', 'x'.repeat(513)])(
    'bad_field: user_id %j',
    (user_id) => {
      expect(decoded({ timestamp: TIME, user_id }).reason).toBe('bad_field: user_id');
      expect(decoded({ timestamp: TIME, click_data: { user_id } }).reason).toBe('bad_field: user_id');
    },
  );
  test('a user of 512 characters is one', () => {
    expect(decoded({ timestamp: TIME, user_id: 'x'.repeat(512) }).reason).toBeNull();
  });

  test.each([5, true, 'x', [], [{}]])('bad_field: click_data and geo_data %j', (value) => {
    expect(decoded({ timestamp: TIME, click_data: value }).reason).toBe('bad_field: click_data');
    expect(decoded({ timestamp: TIME, geo_data: value }).reason).toBe('bad_field: geo_data');
  });

  test('reasons in their order', () => {
    const all = { click_data: 1, key: 1, user_id: [], url: 1, geo_data: 1, country: 1 };
    expect(decoded(all).reason).toBe('bad_time');
    const order = ['click_data', 'key', 'user_id', 'url', 'geo_data', 'country'];
    const rest: Record<string, unknown> = { ...all, timestamp: TIME, ip: 1 };
    for (const field of [...order, 'ip']) {
      expect(decoded(rest).reason).toBe(`bad_field: ${field}`);
      delete rest[field];
    }
    expect(decoded(rest).reason).toBeNull();
  });
});

describe('the hash of a key', () => {
  test('is the first 96 bits of SHA-256 in base64', () => {
    expect(keyHash('abc')).toBe('ungWv48Bz+pBQUDe'); // ba7816bf 8f01cfea 414140de
  });
});
