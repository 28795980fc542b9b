import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { exists } from './find.js';

/** Where downloads and builds are kept for every clone of this user: `$XDG_CACHE_HOME/weir`, else `~/.cache/weir`. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'weir');
}

/**
 * The folder `target`, made by `make` if it is not there yet. It appears whole or not at all, so that an interrupted download
 * is begun again, and two stacks that make it at the same time do not see each other's half.
 */
export async function makeOnce(target: string, make: (folder: string) => Promise<void>): Promise<string> {
  if (await exists(target)) return target;
  const unfinished = `${target}.unfinished-${process.pid}`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  try {
    await make(unfinished);
    await rename(unfinished, target).catch(async (error: unknown) => {
      // Somebody else was faster: theirs is as good.
      if (!(await exists(target))) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return target;
}

const TICK_MS = 15_000;

/** Says every 15 s that something slow is still going on. */
export async function withTicker<T>(
  say: (line: string) => void,
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  const began = Date.now();
  say(what);
  const timer = setInterval(
    () => say(`still at it after ${Math.round((Date.now() - began) / 1000)} s`),
    TICK_MS,
  );
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
