import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { choosePorts, isFree, USUAL_PORTS } from '../../src/dev/ports.js';

let dataDir: string;
const listeners: Server[] = [];
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'weir-ports-'));
});
afterEach(async () => {
  await Promise.all(listeners.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  await rm(dataDir, { recursive: true });
});

/** Listens on the port (or any); somebody else on this machine who has it already serves as well. */
async function occupy(port: number, host = '127.0.0.1'): Promise<number> {
  const server = createServer();
  const listens = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false)).listen(port, host, () => resolve(true));
  });
  if (!listens) return port;
  listeners.push(server);
  return (server.address() as AddressInfo).port;
}

async function choose(options: { usual: boolean }): Promise<{ port: number; said: string[] }> {
  const said: string[] = [];
  const ports = await choosePorts(['codec'], {
    dataDir,
    usual: options.usual,
    say: (line) => said.push(line),
  });
  return { port: ports.codec, said };
}

test('a taken usual port is avoided, and the line says which instead', async () => {
  await occupy(USUAL_PORTS.codec);
  const { port, said } = await choose({ usual: true });
  expect(port).not.toBe(USUAL_PORTS.codec);
  expect(said).toEqual([`codec: port ${port}, since ${USUAL_PORTS.codec} is taken`]);
});

test('the port of last time is used again, and said when it is not the usual one', async () => {
  const first = await choose({ usual: false });
  const second = await choose({ usual: true });
  expect(second).toEqual({ port: first.port, said: [`codec: port ${first.port} as last time`] });
});

test('the port of last time is not used when it is taken by now', async () => {
  const first = await choose({ usual: false });
  await occupy(first.port);
  expect((await choose({ usual: false })).port).not.toBe(first.port);
});

test('test stacks take none of the usual ports, below those of outgoing connections, and say nothing', async () => {
  const { port, said } = await choose({ usual: false });
  expect(port).toBeGreaterThanOrEqual(20_000);
  expect(port).toBeLessThan(30_000);
  expect(said).toEqual([]);
});

test('two names never get the same port', async () => {
  const names = Object.keys(USUAL_PORTS) as (keyof typeof USUAL_PORTS)[];
  const ports = await choosePorts(names, { dataDir, usual: false, say: () => undefined });
  expect(new Set(Object.values(ports)).size).toBe(names.length);
});

test.each(['127.0.0.1', '0.0.0.0'])('a port on which %s listens is not free', async (host) => {
  expect(await isFree(await occupy(0, host))).toBe(false);
});
