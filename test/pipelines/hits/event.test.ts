import { describe, expect, test } from 'vitest';
import { decodeHit, HIT_FIELDS } from '../../../src/pipelines/hits/event.js';
import { decoding } from '../../support/jsonBytes.js';

const TIME = '2015-05-17T10:05:03Z';
const T = Date.parse(TIME);

const hit = decoding(HIT_FIELDS, decodeHit);

function decoded(event: unknown) {
  return hit(JSON.stringify(event));
}

function reason(event: unknown): string | null {
  return decoded(event).reason;
}

describe('empty', () => {
  test.each([[null], ['']])('%j', (value) => expect(hit(value).reason).toBe('empty'));
  test('white space is not: it is no JSON', () => expect(hit(' ').reason).toBe('bad_json'));
});

describe('bad_json: anything but a JSON object', () => {
  test.each([
    '{',
    '{"event_time":}',
    'null',
    '1',
    '"text"',
    'true',
    '[]',
    '[{"event_time":1}]',
    '{} {}',
    "{'a':1}",
    '\u{feff}{}',
  ])('%j', (value) => expect(hit(value).reason).toBe('bad_json'));
  test('an object with white space around it is one', () => {
    expect(hit(` \n{"event_time":1} `).reason).toBeNull();
  });
});

describe('bad_time', () => {
  test.each([
    [{}],
    [{ event_time: null }],
    [{ event_time: 'soon' }],
    [{ event_time: '' }],
    [{ event_time: true }],
    [{ event_time: [1] }],
    [{ event_time: {} }],
  ])('%j', (event) => expect(reason(event)).toBe('bad_time'));
  test('the field is event_time, exactly', () =>
    expect(reason({ Event_Time: TIME, time: TIME })).toBe('bad_time'));
});

describe('bad_field: a needed field of the wrong type, or with U+0000 in it', () => {
  const wrong: [unknown][] = [[0], [1.5], [true], [false], [[]], [['a']], [{}], ['\0'], ['a\0'], ['\0a']];
  test.each(wrong)('host %j', (host) => expect(reason({ event_time: TIME, host })).toBe('bad_field: host'));
  test.each(wrong)('referrer %j', (referrer) => {
    expect(reason({ event_time: TIME, referrer })).toBe('bad_field: referrer');
  });
  test('fields that are not needed may be anything', () => {
    const others = { url: 5, user_agent: { family: 'x' }, headers: '{', ip: ['\0'], extra: '\0', HOST: 7 };
    expect(reason({ event_time: TIME, ...others })).toBeNull();
  });
});

describe('reasons in their order', () => {
  test.each<[unknown, string]>([
    [{ event_time: 'soon', host: 1, referrer: 1 }, 'bad_time'],
    [{ event_time: TIME, host: 1, referrer: 1 }, 'bad_field: host'],
    [{ event_time: TIME, host: 'a', referrer: 1 }, 'bad_field: referrer'],
    [[{ event_time: 'soon', host: 1 }], 'bad_json'],
  ])('%j', (event, first) => expect(reason(event)).toBe(first));
});

describe('what a hit is counted under', () => {
  test('host and referrer, as they are', () => {
    expect(decoded({ event_time: TIME, host: 'Example.org', referrer: 'https://ü/ ' })).toEqual({
      reason: null,
      time: T,
      item: { host: 'Example.org', referrer: 'https://ü/ ' },
    });
  });

  test('null and absent are the same; empty is something else', () => {
    expect(decoded({ event_time: T, host: null })).toMatchObject({ item: { host: null, referrer: null } });
    expect(decoded({ event_time: T, host: '' })).toMatchObject({ item: { host: '', referrer: null } });
  });

  test('lone surrogates become U+FFFD, pairs stay', () => {
    const value = `{"event_time":1,"host":"a\\ud800b","referrer":"\\udc00\\ud83d\\ude00"}`;
    expect(hit(value)).toMatchObject({ item: { host: 'a\ufffdb', referrer: '\ufffd\u{1f600}' } });
  });

  test('names of prototypes are no fields', () => {
    const value = `{"__proto__":{"host":5,"event_time":1},"event_time":1,"constructor":3}`;
    expect(hit(value)).toMatchObject({ reason: null, item: { host: null } });
    expect(hit(`{"__proto__":{"event_time":1}}`).reason).toBe('bad_time');
  });
});
