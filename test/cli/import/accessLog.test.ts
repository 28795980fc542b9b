import { describe, expect, it } from 'vitest';
import { parseAccessLogLine, type AccessLogEvent } from '../../../src/cli/import/accessLog.js';

const EVENT: AccessLogEvent = {
  url: '/a/b.html?c=d',
  referrer: 'https://example.org/',
  user_agent: 'Mozilla/5.0 (X11)',
  host: null,
  ip: '192.0.2.7',
  event_time: '2015-05-17T10:05:03Z',
  method: 'GET',
  status: 200,
  bytes: 2326,
};
const HEAD = '192.0.2.7 - - [17/May/2015:10:05:03 +0000] "GET /a/b.html?c=d HTTP/1.1" 200 2326';
const LINE = `${HEAD} "https://example.org/" "Mozilla/5.0 (X11)"`;
const COMMON = { ...EVENT, referrer: null, user_agent: null };

const utf8AsBytes = (text: string): string => Buffer.from(text).toString('latin1');
const withRequest = (request: string): string => LINE.replace('GET /a/b.html?c=d HTTP/1.1', request);
const withReferrer = (referrer: string): string => LINE.replace('https://example.org/', referrer);
const withTime = (time: string): string => LINE.replace('17/May/2015:10:05:03 +0000', time);

describe('forms of a line', () => {
  it.each<[string, string, AccessLogEvent]>([
    ['combined', LINE, EVENT],
    ['common', HEAD, COMMON],
    ['combined with more fields behind', `${LINE} "203.0.113.9" 0.004`, EVENT],
    ['vhost in front', `www.example.com:443 ${LINE}`, { ...EVENT, host: 'www.example.com' }],
    ['vhost in front of common', `www.example.com:80 ${HEAD}`, { ...COMMON, host: 'www.example.com' }],
    ['IPv6 client', LINE.replace('192.0.2.7', '2001:db8::1'), { ...EVENT, ip: '2001:db8::1' }],
    [
      'IPv6 client behind a vhost',
      `h:80 ${LINE.replace('192.0.2.7', '::1')}`,
      { ...EVENT, host: 'h', ip: '::1' },
    ],
    [
      'IPv6 client that ends like a port',
      LINE.replace('192.0.2.7', 'fe80::1:80'),
      { ...EVENT, ip: 'fe80::1:80' },
    ],
    ['client with its port', LINE.replace('192.0.2.7', '192.0.2.7:55'), { ...EVENT, ip: '192.0.2.7:55' }],
    ['client as a name', LINE.replace('192.0.2.7', 'c.example.net'), { ...EVENT, ip: 'c.example.net' }],
    ['no client', LINE.replace('192.0.2.7', '-'), { ...EVENT, ip: null }],
    ['user name', LINE.replace('- -', '- frank'), EVENT],
    ['user name with a space', LINE.replace('- -', '- frank o hara'), EVENT],
    ['referrer -', withReferrer('-'), { ...EVENT, referrer: null }],
    ['user agent -', LINE.replace('Mozilla/5.0 (X11)', '-'), { ...EVENT, user_agent: null }],
    ['empty referrer stays empty', withReferrer(''), { ...EVENT, referrer: '' }],
    ['size -', LINE.replace('2326', '-'), { ...EVENT, bytes: null }],
    ['status -', LINE.replace('200', '-'), { ...EVENT, status: null }],
    [
      'zone ahead',
      withTime('17/May/2015:10:05:03 +0530'),
      { ...EVENT, event_time: '2015-05-17T10:05:03+05:30' },
    ],
    [
      'zone behind',
      withTime('17/May/2015:10:05:03 -0800'),
      { ...EVENT, event_time: '2015-05-17T10:05:03-08:00' },
    ],
    ['leap day', withTime('29/Feb/2016:23:59:59 +0000'), { ...EVENT, event_time: '2016-02-29T23:59:59Z' }],
    ['no version (HTTP/0.9)', withRequest('GET /old'), { ...EVENT, url: '/old' }],
    ['HTTP/2.0', withRequest('POST /p HTTP/2.0'), { ...EVENT, method: 'POST', url: '/p' }],
    ['path with a space', withRequest('GET /a b HTTP/1.1'), { ...EVENT, url: '/a b' }],
    ['proxy request', withRequest('GET http://a/b HTTP/1.1'), { ...EVENT, url: 'http://a/b' }],
    ['no request', withRequest('-'), { ...EVENT, method: null, url: null }],
    ['empty request', withRequest(''), { ...EVENT, method: null, url: null }],
    ['TLS to a plain port', withRequest(String.raw`\x16\x03\x01`), { ...EVENT, method: null, url: null }],
  ])('%s', (_, line, event) => {
    expect(parseAccessLogLine(line, null)).toEqual(event);
  });

  it('takes the default host only where the line has none', () => {
    expect(parseAccessLogLine(LINE, 'given')?.host).toBe('given');
    expect(parseAccessLogLine(`own:80 ${LINE}`, 'given')?.host).toBe('own');
  });

  it('reads a field of 100 kB', () => {
    expect(parseAccessLogLine(withReferrer('r'.repeat(100_000)), null)?.referrer).toHaveLength(100_000);
  });
});

describe('what is no line', () => {
  it.each<[string, string]>([
    ['cut off in the user agent', LINE.slice(0, -1)],
    ['cut off before the user agent', LINE.slice(0, LINE.lastIndexOf(' "'))],
    ['cut off in the referrer', `${HEAD} "https://exa`],
    ['cut off behind the space', `${HEAD} `],
    ['cut off in the size', HEAD.slice(0, -4)],
    ['cut off in the request', HEAD.slice(0, HEAD.indexOf(' HTTP'))],
    ['cut off in the time', HEAD.slice(0, 30)],
    ['an escaped quote as the last one', `${LINE.slice(0, -1)}\\"`],
    ['text right behind the last quote', `${LINE}x`],
    ['two torn lines in one', `${HEAD.slice(0, 60)}${LINE}`],
    ['a day that is none', withTime('30/Feb/2015:10:05:03 +0000')],
    ['a month that is none', withTime('17/Mai/2015:10:05:03 +0000')],
    ['hour 24', withTime('17/May/2015:24:00:00 +0000')],
    ['second 60', withTime('17/May/2015:10:05:60 +0000')],
    ['no zone', withTime('17/May/2015:10:05:03')],
    ['status of two digits', LINE.replace('200', '20')],
    ['no user', LINE.replace('- - ', '- ')],
    ['an error log line', '[Sun May 17 10:05:03 2015] [error] [client 192.0.2.7] File does not exist'],
    ['JSON', '{"url":"/"}'],
  ])('%s', (_, line) => {
    expect(parseAccessLogLine(line, null)).toBeNull();
  });
});

describe('escapes in quoted fields', () => {
  it.each<[string, string, string]>([
    ['quote', String.raw`a\"b`, 'a"b'],
    ['backslash', String.raw`a\\b`, String.raw`a\b`],
    ['backslash before what looks like an escape', String.raw`\\x41`, String.raw`\x41`],
    ['tab and line end', String.raw`a\tb\nc`, 'a\tb\nc'],
    ['hex of ASCII', String.raw`\x22\x41`, '"A'],
    ['hex of UTF-8', String.raw`caf\xC3\xA9`, 'café'],
    ['hex of no UTF-8 stays', String.raw`http://\xe4\xe5/\"`, String.raw`http://\xe4\xe5/"`],
    ['hex of NUL stays', String.raw`a\x00b`, String.raw`a\x00b`],
    ['unknown escape stays', String.raw`C:\Users \u0041`, String.raw`C:\Users \u0041`],
    ['raw UTF-8', utf8AsBytes('naïve 🙂'), 'naïve 🙂'],
    ['raw bytes that are no UTF-8', 'a\xffb', 'a\ufffdb'],
    ['hex -, the sign of nothing, is a text', String.raw`\x2d`, '-'],
  ])('%s', (_, written, meant) => {
    expect(parseAccessLogLine(withReferrer(written), null)?.referrer).toBe(meant);
  });

  it('undoes them in the path and the user agent too', () => {
    const line = withRequest(String.raw`GET /caf\xc3\xa9 HTTP/1.1`).replace('(X11)', String.raw`\"quoted\"`);
    expect(parseAccessLogLine(line, null)).toMatchObject({
      url: '/café',
      user_agent: 'Mozilla/5.0 "quoted"',
    });
  });
});
