import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { Connection } from '@temporalio/client';

import { checkGivenAddress } from './address.js';
import { cacheFolder, makeOnce, withTicker } from './cache.js';
import { type StackContext, logFile } from './context.js';
import { findOnPath, firstExecutable } from './find.js';
import { runTool } from './process.js';
import { foreignService, type Service, type ServicePlan, startService } from './service.js';

/** Later tags of the CLI carry `replace` lines, which `go install` refuses. */
const CLI_VERSION = 'v1.5.1';

export interface TemporalOptions {
  /** Beside what weir itself needs; values as JSON. */
  dynamicConfig: Readonly<Record<string, string>>;
  headless: boolean;
}

/** Temporal's dev server with its UI, or the server at `TEMPORAL_ADDRESS`. */
export async function planTemporal(env: NodeJS.ProcessEnv, options: TemporalOptions): Promise<ServicePlan> {
  const given = env.TEMPORAL_ADDRESS;
  if (given) {
    await checkGivenAddress('TEMPORAL_ADDRESS', given);
    return async () => foreignService('temporal', given);
  }
  const binary = await findTemporalCli(env);
  if (binary !== undefined) return (context) => startTemporal(binary, context, options);
  const go = await findOnPath('go', env);
  if (go === undefined) {
    throw new Error(
      'Temporal needs its command line tool, or Go to build it once, and neither is on the PATH: install the `temporal` CLI, or install Go, or set TEMPORAL_ADDRESS to a running server.',
    );
  }
  return async (context) => startTemporal(await build(go, context), context, options);
}

/** Path of the temporal command line tool on this machine, the one that was built for the stack included; undefined without any. */
export async function findTemporalCli(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const built = join(cacheFolder(env), `temporal-cli-${CLI_VERSION}`, 'temporal');
  return (
    (await findOnPath('temporal', env)) ??
    (await firstExecutable([join(env.HOME || homedir(), '.temporalio', 'bin', 'temporal'), built]))
  );
}

async function build(go: string, context: StackContext): Promise<string> {
  const say = (line: string) => context.progress(`temporal: ${line}`);
  const target = join(cacheFolder(context.env), `temporal-cli-${CLI_VERSION}`);
  await withTicker(say, `building the Temporal CLI ${CLI_VERSION} with Go (about 3 minutes, once)`, () =>
    makeOnce(target, (folder) =>
      runTool(
        {
          file: go,
          args: ['install', '-ldflags=-s -w', `github.com/temporalio/cli/cmd/temporal@${CLI_VERSION}`],
          env: { ...context.env, GOBIN: folder },
        },
        { logFile: logFile(context, 'temporal-build'), signal: context.signal },
      ),
    ),
  );
  return join(target, 'temporal');
}

async function startTemporal(
  binary: string,
  context: StackContext,
  options: TemporalOptions,
): Promise<Service> {
  const address = `127.0.0.1:${context.ports.temporal}`;
  const folder = join(context.dataDir, 'temporal');
  await mkdir(folder, { recursive: true });
  const dynamicConfig = { 'system.enableActivityEagerExecution': 'true', ...options.dynamicConfig };
  const args = [
    ['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(context.ports.temporal)],
    options.headless ? ['--headless'] : ['--ui-port', String(context.ports.temporalUi)],
    ['--ui-codec-endpoint', `http://127.0.0.1:${context.ports.codec}`],
    ['--db-filename', join(folder, 'temporal.db')],
    // More than twice the throughput of the defaults; a crash of the server loses nothing that it confirmed.
    ['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'],
    Object.entries(dynamicConfig).flatMap(([key, value]) => ['--dynamic-config-value', `${key}=${value}`]),
  ].flat();
  return startService(
    {
      name: 'temporal',
      address,
      command: { file: binary, args, env: context.env },
      answers: () => serverAnswers(address),
      startLimitMs: 60_000,
      stopSignal: 'SIGTERM',
      stopLimitMs: 15_000,
    },
    context,
  );
}

async function serverAnswers(address: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: '2s' });
  try {
    // The server answers a moment before it has made its namespace.
    await connection.withDeadline(Date.now() + 2000, () =>
      connection.workflowService.describeNamespace({ namespace: 'default' }),
    );
  } finally {
    await connection.close();
  }
}
