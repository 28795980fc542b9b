import { type AddressInfo, createServer } from 'node:net';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { checkGivenAddress, hostsOf } from '../../src/dev/address.js';

const server = createServer();
let port: number;
beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.close();
});

test.each([
  ['localhost:9093', [['localhost', 9093]]],
  [
    'a:1,b',
    [
      ['a', 1],
      ['b', 5432],
    ],
  ],
  ['postgresql://me:secret@db/weir?sslmode=require', [['db', 5432]]],
  ['postgres://me:p%40ss@db:6000/weir', [['db', 6000]]],
  ['jdbc:postgresql://db:6000/weir', [['db', 6000]]],
  [
    'PLAINTEXT://a:1,PLAINTEXT://b:2',
    [
      ['a', 1],
      ['b', 2],
    ],
  ],
  [
    'postgresql://me:secret@a:1,b:2/weir',
    [
      ['a', 1],
      ['b', 2],
    ],
  ],
  ['[::1]:7233', [['::1', 7233]]],
])('the hosts of %s', (value, expected) => {
  expect(hostsOf(value, 5432)).toEqual(expected.map(([host, port]) => ({ host, port })));
});

test('an address that answers is fine, and so is a list of which one answers', async () => {
  await checkGivenAddress('TEMPORAL_ADDRESS', `127.0.0.1:${port}`);
  await checkGivenAddress('KAFKA_URL', `127.0.0.1:1,127.0.0.1:${port}`);
});

test('an address where nothing answers is named with its variable, without its password', async () => {
  await expect(checkGivenAddress('POSTGRES_URL', 'postgresql://me:secret@127.0.0.1:1/weir')).rejects.toThrow(
    'Nothing answers at POSTGRES_URL=postgresql://me:…@127.0.0.1:1/weir: start it, correct it, or unset POSTGRES_URL.',
  );
});

test('a password in the query is not shown either', async () => {
  await expect(
    checkGivenAddress('POSTGRES_URL', 'jdbc:postgresql://127.0.0.1:1/weir?password=secret'),
  ).rejects.toThrow(/^(?!.*secret)/);
});
