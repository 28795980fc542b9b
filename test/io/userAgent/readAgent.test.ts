import { describe, expect, test } from 'vitest';
import { createAgentReader } from '../../../src/io/userAgent/readAgent.js';

const readAgent = createAgentReader();
const read = (userAgent: Parameters<typeof readAgent>[0]) => {
  const { browser, os, device, isBot } = readAgent(userAgent);
  return [browser, os, device, isBot];
};

const WEBKIT = 'AppleWebKit/537.36 (KHTML, like Gecko)';
const CHROME = `${WEBKIT} Chrome/120.0.0.0`;
const IPHONE = 'iPhone; CPU iPhone OS 17_1 like Mac OS X';

describe('families of browsers', () => {
  test.each([
    [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME} Safari/537.36`, 'Chrome', 'Windows', 'Computer'],
    [
      `Mozilla/5.0 (Windows NT 10.0) ${CHROME} Safari/537.36 Edg/120.0.2210.91`,
      'Edge',
      'Windows',
      'Computer',
    ],
    [
      `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${WEBKIT} Version/17.1 Safari/605.1.15`,
      'Safari',
      'Mac OS',
      'Macintosh',
    ],
    [
      'Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0',
      'Firefox',
      'Linux',
      'Computer',
    ],
    [
      'Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:15.0) Gecko/20100101 Firefox/15.0.1',
      'Firefox',
      'Ubuntu',
      'Computer',
    ],
    [
      'Mozilla/5.0 (X11; FreeBSD amd64; rv:109.0) Gecko/20100101 Firefox/113.0',
      'Firefox',
      'FreeBSD',
      'Computer',
    ],
    [`Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${CHROME} Safari/537.36`, 'Chrome', 'Chromium OS', 'Computer'],
    ['Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)', 'IE', 'Windows', 'Computer'],
    ['Opera/9.80 (Windows NT 6.1) Presto/2.12.388 Version/12.14', 'Opera', 'Windows', 'Computer'],
    [
      `Mozilla/5.0 (${IPHONE}) ${WEBKIT} Version/17.1 Mobile/15E148 Safari/604.1`,
      'Mobile Safari',
      'iOS',
      'iPhone',
    ],
    [
      `Mozilla/5.0 (iPad; CPU OS 12_2 like Mac OS X) ${WEBKIT} Version/12.1 Mobile/15E148 Safari/604.1`,
      'Mobile Safari',
      'iOS',
      'iPad',
    ],
    [
      `Mozilla/5.0 (Linux; Android 13; SM-G991B) ${CHROME} Mobile Safari/537.36`,
      'Chrome',
      'Android',
      'Samsung SM-G991B',
    ],
    ['Mozilla/5.0 (Android 13; Mobile; rv:109.0) Gecko/113.0 Firefox/113.0', 'Firefox', 'Android', 'mobile'],
    [
      `Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950) ${WEBKIT} Chrome/52.0 Mobile Safari/537.36 Edge/15.15063`,
      'Edge',
      'Windows Phone',
      'Microsoft Lumia 950',
    ],
  ])('%s', (userAgent, ...families) => expect(read(userAgent)).toEqual([...families, false]));
});

describe('bots are bots, whatever they look like', () => {
  test.each([
    ['Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', null, null],
    [
      `Mozilla/5.0 (${IPHONE}) ${WEBKIT} Version/6.0 Mobile/10A5376e Safari/8536.25 (compatible; Googlebot/2.1)`,
      'Mobile Safari',
      'iOS',
    ],
    ['curl/7.88.1', null, null],
    ['Wget/1.13.4 (linux-gnu)', null, 'Linux'],
    ['python-requests/2.31.0', null, null],
  ])('%s', (userAgent, browser, os) => expect(read(userAgent)).toEqual([browser, os, 'Spider', true]));
});

describe('nothing is known', () => {
  test.each([[null], [''], ['\u{1f600}']])('of %j', (userAgent) =>
    expect(read(userAgent)).toEqual([null, null, null, false]),
  );
  test('names of prototypes are texts like others', () => {
    for (const userAgent of ['__proto__', 'constructor', 'toString'])
      expect(read(userAgent).slice(0, 2)).toEqual([null, null]);
  });
});

describe('user agents that somebody has parsed', () => {
  const parsed = (browser: string | null, os: string | null, device: string | null) => ({
    browser,
    os,
    device,
  });
  test('are taken as they are', () => {
    const agent = parsed('Chrome Mobile', 'Android', 'Nexus 5');
    expect(read(agent)).toEqual(['Chrome Mobile', 'Android', 'Nexus 5', false]);
  });
  test.each([['Other'], [''], [null]])('%j is unknown', (family) => {
    expect(read(parsed(family, family, family))).toEqual([null, null, null, false]);
  });
  test('a device that is a Spider is a bot', () => {
    expect(read(parsed('Chrome', 'Windows', 'Spider'))).toEqual(['Chrome', 'Windows', 'Spider', true]);
  });
  test.each(['Googlebot', 'bingbot', 'AhrefsBot', 'Baiduspider', 'HeadlessChrome', 'curl'])(
    'the family %s is a bot',
    (family) => expect(readAgent(parsed(family, null, null)).isBot).toBe(true),
  );
  test.each([
    'Chrome',
    'Firefox',
    'Mobile Safari',
    'Chrome Mobile WebView',
    'IE',
    'Edge',
    'Opera Mini',
    'Samsung Internet',
    'UC Browser',
    'Android',
    'Amazon Silk',
    'Firefox iOS',
  ])('the family %s is none', (family) =>
    expect(readAgent(parsed(family, 'Other', 'Other')).isBot).toBe(false),
  );
});

describe('a very long one', () => {
  const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0';
  test('is read up to 500 characters', () => {
    // `Firefox/1` ends at the last character that is read; one further on there is `Firefox/`.
    const atEnd = (length: number) => `Mozilla/5.0 (${'x'.repeat(length - 24)}) Firefox/1`;
    expect(atEnd(500)).toHaveLength(500);
    expect(readAgent(atEnd(500)).browser).toBe('Firefox');
    expect(readAgent(atEnd(501)).browser).not.toBe('Firefox');
    expect(readAgent(`${firefox} ${'x'.repeat(262_144)}`).browser).toBe('Firefox');
  });
  test('is not kept: a reader that has met ten thousand of them holds none of them', () => {
    const reader = createAgentReader();
    const kept = reader('short');
    expect(reader('short')).toBe(kept);
    const long = 'x'.repeat(501);
    expect(reader(long)).not.toBe(reader(long));
    expect(reader(long)).toEqual(reader(long));
  });
});

test('the same again is the same: results are a function of the log', () => {
  const userAgent = `Mozilla/5.0 (Windows NT 10.0) ${CHROME} Safari/537.36`;
  expect(createAgentReader()(userAgent)).toEqual(readAgent(userAgent));
});
