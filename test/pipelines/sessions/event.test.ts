import { describe, expect, test } from 'vitest';
import { LATEST } from '../../../src/domain/instant.js';
import { decodeVisit, VISIT_FIELDS, type SessionTime } from '../../../src/pipelines/sessions/event.js';
import { partsOfKey } from '../../../src/pipelines/sessions/key.js';
import { decoding } from '../../support/jsonBytes.js';

const TIME = '2015-05-17T10:05:03Z';
const T = Date.parse(TIME);

interface Of {
  timestampMs?: number | null;
  time?: SessionTime;
}

function decoded(value: string | null, { timestampMs = null, time = 'event_time' }: Of = {}) {
  return decoding(VISIT_FIELDS, (event) => decodeVisit(event, { timestampMs, time }))(value);
}

/** The reason, or what became of the event. */
function visit(event: object, of?: Of) {
  const result = decoded(JSON.stringify({ event_time: TIME, ...event }), of);
  if (result.reason !== null) return result.reason;
  const { time, item } = result;
  return { time, ...partsOfKey(item.key), ...item.attributes };
}

function field(name: 'userId' | 'ip' | 'host' | 'userAgent', event: object) {
  const result = visit(event);
  return typeof result === 'string' ? result : result[name];
}

describe('empty and bad_json', () => {
  test.each([
    [null, 'empty'],
    ['', 'empty'],
    [' ', 'bad_json'],
    ['null', 'bad_json'],
    ['[]', 'bad_json'],
    ['"text"', 'bad_json'],
    ['{"ip":', 'bad_json'],
  ])('%j: %s', (value, reason) => expect(decoded(value).reason).toBe(reason));
});

describe('time: event_time', () => {
  test.each([['2015-05-17T12:05:03+02:00'], ['2015-05-17 10:05:03'], [T / 1000], [T], [String(T)]])(
    'every form of event times: %j',
    (event_time) => expect(visit({ event_time })).toMatchObject({ time: T }),
  );
  test.each([[undefined], [null], ['soon'], [''], [true], [{}]])('bad_time: %j', (event_time) =>
    expect(visit({ event_time })).toBe('bad_time'),
  );
  test("the record's own does not count", () => {
    expect(visit({}, { timestampMs: 5 })).toMatchObject({ time: T });
    expect(visit({ event_time: null }, { timestampMs: 5 })).toBe('bad_time');
  });
});

describe('time: record', () => {
  test.each([0, 1, T, LATEST])('from 1970 to the end of year 9999: %d', (timestampMs) =>
    expect(visit({}, { timestampMs, time: 'record' })).toMatchObject({ time: timestampMs }),
  );
  test.each([null, -1, -2, LATEST + 1, Number.MAX_SAFE_INTEGER])('bad_time: %j', (timestampMs) =>
    expect(visit({}, { timestampMs, time: 'record' })).toBe('bad_time'),
  );
  test.each([[undefined], [null], ['soon'], [{}]])("the event's own may be anything: %j", (event_time) =>
    expect(visit({ event_time }, { timestampMs: 5, time: 'record' })).toMatchObject({ time: 5 }),
  );
});

describe('user_id', () => {
  test.each<[unknown, string | null]>([
    [undefined, null],
    [null, null],
    ['', ''],
    ['u', 'u'],
    ['17', '17'],
    [17, '17'],
    [0, '0'],
    [-0, '0'],
    [-17, '-17'],
    [2 ** 53 - 1, '9007199254740991'],
    [-(2 ** 53) + 1, '-9007199254740991'],
    ['9007199254740993', '9007199254740993'],
    ['017', '017'],
  ])('%j is %j', (user_id, userId) => expect(field('userId', { user_id })).toBe(userId));

  test('17, 17.0 and 1.7e1 are one number in JSON', () => {
    for (const text of ['17', '17.0', '1.7e1']) {
      const result = decoded(`{"event_time":1,"user_id":${text}}`);
      expect(result).toMatchObject({ item: { key: '\0\0\x0017' } });
    }
  });

  test.each([[2 ** 53], [-(2 ** 53)], [1.5], [1e300], [true], [false], [[]], [['u']], [{}], [{ id: 1 }]])(
    'bad_field: %j',
    (user_id) => expect(visit({ user_id })).toBe('bad_field: user_id'),
  );
  test('bad_field: 2^53 + 1, which JSON numbers cannot hold', () => {
    expect(decoded('{"event_time":1,"user_id":9007199254740993}').reason).toBe('bad_field: user_id');
  });
});

describe.each([
  ['ip', 'ip'],
  ['host', 'host'],
] as const)('%s', (name, as) => {
  test.each<[unknown, string | null]>([
    [undefined, null],
    [null, null],
    ['', ''],
    ['1.2.3.4', '1.2.3.4'],
    ['::1', '::1'],
    ['no address', 'no address'],
  ])('%j is %j', (value, text) => expect(field(as, { [name]: value })).toBe(text));
  test.each([[0], [16909060], [true], [[]], [['1.2.3.4']], [{}]])('bad_field: %j', (value) =>
    expect(visit({ [name]: value })).toBe(`bad_field: ${name}`),
  );
});

describe('fields of the key end at 512 UTF-16 units, others at 262,144', () => {
  test.each(['user_id', 'ip'])('%s of 512 is one, of 513 is a bad_field', (name) => {
    expect(typeof visit({ [name]: 'x'.repeat(512) })).toBe('object');
    expect(visit({ [name]: 'x'.repeat(513) })).toBe(`bad_field: ${name}`);
    expect(typeof visit({ [name]: '\u{1f600}'.repeat(256) })).toBe('object');
    expect(visit({ [name]: `${'\u{1f600}'.repeat(256)}x` })).toBe(`bad_field: ${name}`);
  });
  test.each(['host', 'user_agent'])('%s', (name) => {
    expect(typeof visit({ [name]: 'x'.repeat(262_144) })).toBe('object');
    expect(visit({ [name]: 'x'.repeat(262_145) })).toBe(`bad_field: ${name}`);
  });
});

describe('U+0000 and lone surrogates', () => {
  const fields = ['user_id', 'ip', 'user_agent', 'host'];
  test.each(fields)('U+0000 in %s, anywhere: bad_field', (name) => {
    for (const text of ['\0', 'a\0', '\0a']) expect(visit({ [name]: text })).toBe(`bad_field: ${name}`);
  });
  test.each(fields)('a lone surrogate in %s becomes U+FFFD, pairs stay', (name) => {
    const as = { user_id: 'userId', user_agent: 'userAgent' }[name] ?? name;
    expect(visit({ [name]: 'a\ud800b\udc00\ud83d\ude00' })).toMatchObject({
      [as]: 'a\ufffdb\ufffd\u{1f600}',
    });
  });
  test('so that two users who differ by them alone are one', () => {
    expect(field('userId', { user_id: '\ud800' })).toBe(field('userId', { user_id: '\udfff' }));
  });
});

describe('user_agent', () => {
  const parsed = {
    family: 'Chrome Mobile',
    major: '42',
    minor: 0,
    patch: null,
    device: { family: 'Nexus 5', brand: 'Google' },
    os: { family: 'Android', major: 5 },
  };
  const unknown = { browser: null, os: null, device: null };

  test.each<[string, unknown, unknown]>([
    ['absent', undefined, null],
    ['null', null, null],
    ['a raw text', 'curl/7.1', 'curl/7.1'],
    ['an empty text', '', ''],
    ['parsed', parsed, { browser: 'Chrome Mobile', os: 'Android', device: 'Nexus 5' }],
    ['parsed, as a text', JSON.stringify(parsed), JSON.stringify(parsed)],
    ['parsed, unknown', { family: 'Other' }, { ...unknown, browser: 'Other' }],
    ['parsed, empty', {}, unknown],
    ['parsed, with nulls', { family: null, os: null, device: { family: null } }, unknown],
    ['parsed, without families', { device: { brand: 'x' }, os: {} }, unknown],
  ])('%s', (_, user_agent, userAgent) => expect(field('userAgent', { user_agent })).toEqual(userAgent));

  test.each<[string, unknown]>([
    ['a number', 5],
    ['a boolean', false],
    ['a list', ['curl']],
    ['a family that is no text', { family: 5 }],
    ['a family with U+0000', { family: 'a\0' }],
    ['an os that is no object', { os: 'Android' }],
    ['a device that is a list', { device: ['Nexus 5'] }],
    ['the family of an os that is no text', { os: { family: {} } }],
    ['the family of a device with U+0000', { device: { family: '\0' } }],
  ])('bad_field: %s', (_, user_agent) => expect(visit({ user_agent })).toBe('bad_field: user_agent'));
});

test('reasons come in their order: time, user_id, ip, user_agent, host', () => {
  const bad = { event_time: 'soon', user_id: 1.5, ip: 1, user_agent: 1, host: 1 };
  const good = { event_time: TIME, user_id: 1, ip: '1', user_agent: null, host: null };
  const names = Object.keys(bad);
  const reasons = names.map((_, i) =>
    visit(
      Object.fromEntries(names.map((name, at) => [name, (at < i ? good : bad)[name as keyof typeof bad]])),
    ),
  );
  expect(reasons).toEqual([
    'bad_time',
    'bad_field: user_id',
    'bad_field: ip',
    'bad_field: user_agent',
    'bad_field: host',
  ]);
});

test('fields that are not needed may be anything', () => {
  const others = { url: 5, referrer: ['\0'], headers: 'x', country: {}, USER_ID: {}, extra: '\0' };
  expect(typeof visit(others)).toBe('object');
});

test('names of prototypes are no fields', () => {
  expect(decoded('{"__proto__":{"event_time":1,"host":5},"event_time":1}')).toMatchObject({
    item: { key: '\0\0', attributes: { host: null } },
  });
});
