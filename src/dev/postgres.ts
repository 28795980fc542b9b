import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { Client } from 'pg';

import { checkGivenAddress } from './address.js';
import { type StackContext, logFile } from './context.js';
import { commandLineOf, isRunning } from './leftovers.js';
import { locatePostgres, majorOfData, type PostgresBinaries } from './postgresBinaries.js';
import { runTool } from './process.js';
import { foreignService, type Service, type ServicePlan, startService } from './service.js';
import {
  canReach,
  makeOwnFolder,
  reachableCopy,
  reachableTwin,
  unprivilegedUser,
  type User,
} from './unprivileged.js';

const DATABASE = 'weir';

/** Postgres with an empty database `weir`, or the server at `POSTGRES_URL`. */
export async function planPostgres(env: NodeJS.ProcessEnv, dataDir: string): Promise<ServicePlan> {
  const given = env.POSTGRES_URL;
  if (given) {
    await checkGivenAddress('POSTGRES_URL', given);
    return async () => foreignService('postgres', given);
  }
  const user = await unprivilegedUser();
  const data = await postgresDataFolder(dataDir, user);
  const binaries = await locatePostgres(env, await majorOfData(data));
  return (context) => startPostgres({ binaries, user, data }, context);
}

/** Removes the data wherever they are. */
export async function resetPostgres(dataDir: string): Promise<void> {
  for (const folder of [join(dataDir, 'postgres'), reachableTwin(dataDir)]) {
    await rm(folder, { recursive: true, force: true });
  }
}

async function postgresDataFolder(dataDir: string, user: User | undefined): Promise<string> {
  const inside = join(dataDir, 'postgres', 'data');
  return user === undefined || (await canReach(user, join(dataDir, 'postgres')))
    ? inside
    : join(reachableTwin(dataDir), 'data');
}

async function startPostgres(
  found: { binaries: PostgresBinaries; user: User | undefined; data: string },
  context: StackContext,
): Promise<Service> {
  const { user, data } = found;
  const home = dirname(data);
  if (!data.startsWith(context.dataDir)) {
    context.progress(
      `postgres: data in ${home}, since the user ${user?.name} cannot reach ${context.dataDir}`,
    );
  }
  await mkdir(dirname(home), { recursive: true });
  await makeOwnFolder(home, user);
  const bin = await reachableBinaries(found.binaries, user);
  const common = { env: context.env, cwd: home, user: user && { uid: user.uid, gid: user.gid } };

  if ((await majorOfData(data)) === undefined) {
    // Into a folder of another name, so that an interrupted initdb is not taken for a database.
    const unfinished = `${data}.unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    const args = ['-D', unfinished, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C'];
    await runTool(
      { ...common, file: join(bin, 'initdb'), args },
      { logFile: logFile(context, 'postgres-initdb'), signal: context.signal },
    );
    await rename(unfinished, data);
  }

  const { postgres: port } = context.ports;
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories='];
  return startService(
    {
      name: 'postgres',
      address: `postgresql://postgres@127.0.0.1:${port}/${DATABASE}`,
      command: {
        ...common,
        file: join(bin, 'postgres'),
        args: ['-D', data, ...settings.flatMap((setting) => ['-c', setting])],
      },
      beforeStart: () => removeStrangeLock(data),
      answers: () => databaseAnswers(port),
      startLimitMs: 60_000,
      // "Fast": closes sessions, then writes everything out.
      stopSignal: 'SIGINT',
      stopLimitMs: 20_000,
      // After a SIGKILL its old sessions take a moment to notice.
      passingFailure: /pre-existing shared memory block/,
    },
    context,
  );
}

async function reachableBinaries(binaries: PostgresBinaries, user: User | undefined): Promise<string> {
  if (user === undefined || !binaries.embedded || (await canReach(user, join(binaries.folder, 'postgres')))) {
    return binaries.folder;
  }
  const name = `postgres-${binaries.major}-${process.platform}-${process.arch}`;
  return join(await reachableCopy(dirname(binaries.folder), name), 'bin');
}

/**
 * Postgres sees by itself that its lock file is of a process that is gone, and then looks for sessions that are not; so the
 * file is left to it. It is removed only when the number belongs to something else by now: another program (a container
 * begins to count again at 1) or a dead process that nobody has collected. These Postgres takes for itself.
 */
async function removeStrangeLock(data: string): Promise<void> {
  const lock = join(data, 'postmaster.pid');
  const text = await readFile(lock, 'utf8').catch(() => undefined);
  if (text === undefined) return;
  const pid = Number.parseInt(text, 10);
  if (isRunning(pid) && (await commandLineOf(pid))?.includes(data) !== true) await rm(lock);
}

/** The server is up when it takes statements; the database is made on the way, the first time. */
async function databaseAnswers(port: number): Promise<void> {
  const client = new Client({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    database: 'postgres',
    connectionTimeoutMillis: 2000,
    query_timeout: 10_000,
  });
  // An error between statements is an event; the statement that follows fails with it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
}
