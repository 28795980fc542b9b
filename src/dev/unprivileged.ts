import { createHash } from 'node:crypto';
import { chmod, chown, cp, lstat, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { makeOnce } from './cache.js';

/** Postgres refuses to run as root: then another user runs it, who must be able to reach its program and its data. */
export interface User {
  name: string;
  uid: number;
  gid: number;
}

/** Who runs Postgres: `postgres` or `nobody` when we are root, undefined (ourselves) when not. */
export async function unprivilegedUser(): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const line = lines.find((fields) => fields[0] === name);
    if (line !== undefined) return { name, uid: Number(line[2]), gid: Number(line[3]) };
  }
  throw new Error(
    'Postgres refuses to run as root, and there is no user postgres or nobody: set POSTGRES_URL.',
  );
}

/** True when the user may pass through every folder above `path`. */
export async function canReach(user: User, path: string): Promise<boolean> {
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    const found = await stat(folder).catch(() => undefined);
    if (found !== undefined && (found.mode & passBit(user, found)) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

function passBit(user: User, folder: { uid: number; gid: number }): number {
  if (folder.uid === user.uid) return 0o100;
  return folder.gid === user.gid ? 0o010 : 0o001;
}

const SHARED_TEMP = '/var/tmp';

/** Where the data of a folder that the user cannot reach live instead; the same for the same folder. */
export function reachableTwin(dataDir: string): string {
  return join(SHARED_TEMP, `weir-${createHash('sha256').update(dataDir).digest('hex').slice(0, 16)}`);
}

/** Makes a folder that belongs to the user and nobody else. Rejects one that somebody else put there. */
export async function makeOwnFolder(folder: string, user: User | undefined): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (user === undefined) return;
  await rejectForeign(folder, [0, user.uid]);
  await chown(folder, user.uid, user.gid);
}

/** A copy of a program's folder where the user can reach it, made once. */
export async function reachableCopy(folder: string, name: string): Promise<string> {
  const target = join(SHARED_TEMP, `weir-${name}`);
  await makeOnce(target, async (copy) => {
    await cp(folder, copy, { recursive: true, verbatimSymlinks: true });
    await letAllRead(copy);
  });
  await rejectForeign(target, [0]);
  return target;
}

async function letAllRead(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await chmod(path, 0o755);
    if (entry.isFile()) await chmod(path, ((await stat(path)).mode & 0o111) === 0 ? 0o644 : 0o755);
  }
}

/** /var/tmp is open to everybody: what another user prepared there must not be run or written to. */
async function rejectForeign(folder: string, owners: readonly number[]): Promise<void> {
  const found = await lstat(folder);
  if (found.isDirectory() && owners.includes(found.uid)) return;
  throw new Error(`${folder} belongs to somebody else: remove it, or set POSTGRES_URL.`);
}
