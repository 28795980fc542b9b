import { describe, expect, it } from 'vitest';
import { publicAddress } from '../../../src/io/geo/addresses.js';

/** First and last address of a range that has no location, with its neighbours; null: the neighbour has none either. */
const V4: [string, string | null, string, string, string | null][] = [
  ['this network 0/8', null, '0.0.0.0', '0.255.255.255', '1.0.0.0'],
  ['private 10/8', '9.255.255.255', '10.0.0.0', '10.255.255.255', '11.0.0.0'],
  ['carrier NAT 100.64/10', '100.63.255.255', '100.64.0.0', '100.127.255.255', '100.128.0.0'],
  ['loopback 127/8', '126.255.255.255', '127.0.0.0', '127.255.255.255', '128.0.0.0'],
  ['link local 169.254/16', '169.253.255.255', '169.254.0.0', '169.254.255.255', '169.255.0.0'],
  ['private 172.16/12', '172.15.255.255', '172.16.0.0', '172.31.255.255', '172.32.0.0'],
  ['protocol assignments 192.0.0/24', '191.255.255.255', '192.0.0.0', '192.0.0.255', '192.0.1.0'],
  ['documentation 192.0.2/24', '192.0.1.255', '192.0.2.0', '192.0.2.255', '192.0.3.0'],
  ['private 192.168/16', '192.167.255.255', '192.168.0.0', '192.168.255.255', '192.169.0.0'],
  ['benchmarks 198.18/15', '198.17.255.255', '198.18.0.0', '198.19.255.255', '198.20.0.0'],
  ['documentation 198.51.100/24', '198.51.99.255', '198.51.100.0', '198.51.100.255', '198.51.101.0'],
  ['documentation 203.0.113/24', '203.0.112.255', '203.0.113.0', '203.0.113.255', '203.0.114.0'],
  ['multicast 224/4', '223.255.255.255', '224.0.0.0', '239.255.255.255', null],
  ['reserved 240/4 and broadcast', null, '240.0.0.0', '255.255.255.255', null],
];

const V6: [string, string | null, string, string, string | null][] = [
  ['outside 2000::/3, below', null, '::', '1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '2000::'],
  ['outside 2000::/3, above', '3ffe:ffff::', '4000::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', null],
  ['loopback ::1', null, '::1', '::1', null],
  ['discard 100::/64', null, '100::', '100::ffff:ffff:ffff:ffff', null],
  ['protocol assignments 2001::/23', '2000:ffff::', '2001::', '2001:1ff:ffff::', '2001:200::'],
  ['documentation 2001:db8::/32', '2001:db7:ffff::', '2001:db8::', '2001:db8:ffff:ffff::', '2001:db9::'],
  ['6to4 2002::/16', '2001:ffff::', '2002::', '2002:ffff::', '2003::'],
  ['documentation 3fff::/20', '3ffe:ffff::', '3fff::', '3fff:fff:ffff::', '3fff:1000::'],
  ['unique local fc00::/7', null, 'fc00::', 'fdff:ffff::', null],
  ['link local fe80::/10', null, 'fe80::', 'febf:ffff::', null],
  ['multicast ff00::/8', null, 'ff00::', 'ffff::', null],
];

describe.each([...V4, ...V6])('%s', (...range) => {
  const [, before, first, last, after] = range;
  it('has no location, from its first to its last address', () => {
    expect([publicAddress(first), publicAddress(last)]).toEqual([null, null]);
  });
  it.each([before, after].filter((each) => each !== null))('ends before %s', (neighbour) => {
    expect(publicAddress(neighbour)).toBe(neighbour);
  });
});

it.each([
  ['8.8.8.8', '8.8.8.8'],
  ['::ffff:8.8.8.8', '8.8.8.8'],
  ['::FFFF:8.8.8.8', '8.8.8.8'],
  ['::ffff:808:808', '8.8.8.8'],
  ['0:0:0:0:0:ffff:0808:0808', '8.8.8.8'],
  ['64:ff9b::8.8.8.8', '8.8.8.8'],
  ['64:ff9b::808:808', '8.8.8.8'],
  ['::8.8.8.8', '8.8.8.8'],
  ['::808:808', '8.8.8.8'],
  ['2001:4860::8.8.8.8', '2001:4860::808:808'],
  ['2001:4860:4860:0:0:0:0:8888', '2001:4860:4860::8888'],
  ['2001:4860:4860::8888', '2001:4860:4860::8888'],
  ['2A00:1450::1', '2a00:1450::1'],
])('%s is one address with %s', (text, canonical) => {
  expect(publicAddress(text)).toBe(canonical);
});

it.each([
  '::ffff:10.0.0.1',
  '::ffff:0a00:0001',
  '64:ff9b::10.0.0.1',
  '64:ff9b::a00:1',
  '64:ff9b:1::808:808',
  '::10.0.0.1',
])('%s has a private or no IPv4 address inside', (text) => {
  expect(publicAddress(text)).toBeNull();
});

it.each([
  '',
  '-',
  'unknown',
  'localhost',
  '8.8.8',
  '8.8.8.8.8',
  '8.8.8.256',
  '08.8.8.8',
  '0x8.8.8.8',
  '134744072',
  ' 8.8.8.8',
  '8.8.8.8 ',
  '8.8.8.8:443',
  '8.8.8.8/32',
  '8.8.8.8, 1.1.1.1',
  '[2001:4860:4860::8888]',
  '2001:4860:4860::8888%eth0',
  '2001:4860::4860::8888',
  '8.8.8.8\n',
  '8.8.8.8\u0000',
])('%j is no address', (text) => {
  expect(publicAddress(text)).toBeNull();
});

it('a text that is far too long is no address', () => {
  expect(publicAddress('8'.repeat(100_000))).toBeNull();
});
