import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { removeStackData, startStack } from '../../src/dev/stack.js';
import { environment, startTestStack, type TestStack } from '../support/stack.js';
import { allGone, isAlive, type ServiceName, writeTo } from './support.js';

const SERVICES: ServiceName[] = ['kafka', 'temporal', 'postgres'];

const said: string[] = [];
let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack('dev', {
    progress: (line) => said.push(line),
    temporalDynamicConfig: { 'limit.historyCount.suggestContinueAsNew': '500' },
  });
});
afterAll(() => stack.remove());

const pids = (of: Pick<TestStack, ServiceName>) => SERVICES.map((name) => of[name].pid!);

const quiet = { env: environment(), progress: () => undefined, usualPorts: false, headless: true };

test('from nothing, every server answers, is ours, and is named in a line of progress', () => {
  for (const name of SERVICES) {
    expect(stack[name]).toMatchObject({ name, owned: true, pid: expect.any(Number) as number });
    expect(said).toContainEqual(expect.stringContaining(`${name}: ${stack[name].address} (ready after`));
  }
});

describe.each(SERVICES)('%s', (name) => {
  test('SIGKILL and restart: the same address, a new process, the data are there', async () => {
    const written = await writeTo(stack, name);
    const { address, pid } = stack[name];
    await stack[name].kill();
    expect(stack[name].pid).toBeUndefined();
    await stack[name].restart();
    expect(stack[name].address).toBe(address);
    expect(stack[name].pid).not.toBe(pid);
    expect(await written.isThere()).toBe(true);
  });

  test('stop leaves no process of it, restart brings its data back', async () => {
    const written = await writeTo(stack, name);
    const pid = stack[name].pid!;
    await stack[name].stop();
    expect(isAlive(pid)).toBe(false);
    await stack[name].restart();
    expect(await written.isThere()).toBe(true);
  });

  test('killed by somebody else: restart still works', async () => {
    process.kill(stack[name].pid!, 'SIGKILL');
    await stack[name].restart();
    expect(await (await writeTo(stack, name)).isThere()).toBe(true);
  });
});

test('the codec server answers on the same address after a restart', async () => {
  const { address } = stack.codec;
  await stack.codec.kill();
  await expect(fetch(`${address}/decode`, { method: 'POST', body: '{}' })).rejects.toThrow('fetch failed');
  await stack.codec.restart();
  const response = await fetch(`${address}/decode`, { method: 'POST', body: '{}' });
  expect(await response.json()).toEqual({ payloads: [] });
});

test('a second stack on the same data folder is refused while the first one lives', async () => {
  await expect(startStack({ ...quiet, dataDir: stack.dataDir })).rejects.toThrow(
    `The process ${process.pid} uses the data in ${stack.dataDir}`,
  );
});

test('addresses from the environment are used, and their servers are not stopped', async () => {
  const env = {
    ...quiet.env,
    KAFKA_URL: stack.kafka.address,
    TEMPORAL_ADDRESS: stack.temporal.address,
    POSTGRES_URL: stack.postgres.address,
  };
  const guest = await startStack({ ...quiet, env, dataDir: `${stack.dataDir}-guest` });
  for (const name of SERVICES) {
    expect(guest[name]).toMatchObject({ address: stack[name].address, owned: false, pid: undefined });
    await expect(guest[name].kill()).rejects.toThrow('not ours');
  }
  await guest.stop();
  await removeStackData(`${stack.dataDir}-guest`);
  for (const name of SERVICES) expect(await (await writeTo(stack, name)).isThere()).toBe(true);
});

test('a whole stack stopped and started again: the same ports, the data are there; with reset they are gone', async () => {
  const before = await startTestStack('dev-again');
  const written = await Promise.all(SERVICES.map((name) => writeTo(before, name)));
  const old = pids(before);
  await before.stop();
  await allGone(old);

  const again = await startStack({ ...quiet, dataDir: before.dataDir });
  expect(SERVICES.map((name) => again[name].address)).toEqual(SERVICES.map((name) => before[name].address));
  for (const one of written) expect(await one.isThere()).toBe(true);
  await again.stop();

  const afresh = await startStack({ ...quiet, dataDir: before.dataDir, reset: true });
  for (const one of written) expect(await one.isThere().catch(() => false)).toBe(false);
  await afresh.stop();
  await removeStackData(before.dataDir);
  expect(existsSync(before.dataDir)).toBe(false);
});

test('a start that is aborted stops what was started and gives the data folder back', async () => {
  const dataDir = `${stack.dataDir}-aborted`;
  const abort = new AbortController();
  const readyOnce = (line: string) => {
    if (line.includes('ready after')) abort.abort(new Error('Ctrl-C'));
  };
  await expect(startStack({ ...quiet, dataDir, progress: readyOnce, signal: abort.signal })).rejects.toThrow(
    'Ctrl-C',
  );
  expect(await readdir(`${dataDir}/processes`)).toEqual([]);
  await removeStackData(dataDir);
});

describe('when the process that started it is killed', () => {
  let holder: ChildProcess;
  let dataDir: string;
  let left: number[];
  beforeAll(async () => {
    dataDir = `${stack.dataDir}-held`;
    holder = spawn(
      process.execPath,
      ['--import', 'tsx', fileURLToPath(new URL('holdStack.ts', import.meta.url)), dataDir],
      {
        env: environment(),
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const [line] = (await once(createInterface(holder.stdout!), 'line')) as [string];
    left = JSON.parse(line) as number[];
  });
  afterAll(() => removeStackData(dataDir));

  test('the next start on the same data stops what it left, and goes on with the data', async () => {
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    expect(left.filter(isAlive)).toEqual(left);

    const lines: string[] = [];
    const next = await startStack({ ...quiet, dataDir, progress: (line) => lines.push(line) });
    await allGone(left);
    for (const [i, name] of SERVICES.entries()) {
      expect(lines).toContain(
        `stopping ${name} (process ${left[i]}), left over from a stack that was killed`,
      );
    }
    const now = pids(next);
    await next.stop();
    await allGone(now);
  });
});
