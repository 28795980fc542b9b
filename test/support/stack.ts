import { mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { inject } from 'vitest';

import { removeStackData, type Stack, type StackOptions, startStack } from '../../src/dev/stack.js';

/** Where the servers of this test run are. */
export interface StackAddresses {
  /** host:port */
  kafkaUrl: string;
  /** host:port, namespace `default` */
  temporalAddress: string;
  /** Of the database `weir`: shared by all tests, so make a database of your own for what must be alone. */
  postgresUrl: string;
  codecAddress: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    stack: StackAddresses;
  }
}

/** The stack that all integration tests (`*.it.test.ts`) share. Never kill its servers: start your own for that. */
export function sharedStack(): StackAddresses {
  return inject('stack');
}

/** A stack whose data folder goes with it. */
export interface TestStack extends Stack {
  dataDir: string;
  /** Stops everything and removes the data. */
  remove(): Promise<void>;
}

/** Beside those of a person who works in this clone. */
const STACKS = resolve('.weir');

/**
 * Starts a stack of own servers, on ports that nobody uses, from nothing, in `.weir/test-<name>-<pid>`. Addresses in the environment are
 * not taken: tests make and drop things.
 */
export async function startTestStack(name: string, options: Partial<StackOptions> = {}): Promise<TestStack> {
  const dataDir = join(STACKS, `test-${name}-${process.pid}`);
  await removeStackData(dataDir);
  const stack = await startStack({
    dataDir,
    env: environment(),
    progress: () => undefined,
    usualPorts: false,
    headless: true,
    ...options,
  });
  const remove = async () => {
    await stack.stop();
    await removeStackData(dataDir);
  };
  return { ...stack, dataDir, remove };
}

/** What the tests' stacks get: this environment, without the addresses of anybody's servers. */
export function environment(): NodeJS.ProcessEnv {
  const { KAFKA_URL: _, TEMPORAL_ADDRESS: _1, POSTGRES_URL: _2, ...rest } = process.env;
  return rest;
}

/** Stops and removes what test runs that were killed left behind; those of living runs stay. */
export async function removeAbandonedStacks(): Promise<void> {
  await mkdir(STACKS, { recursive: true });
  const names = await readdir(STACKS);
  for (const name of names.filter((name) => name.startsWith('test-'))) {
    await removeStackData(join(STACKS, name)).catch(() => undefined);
  }
}
