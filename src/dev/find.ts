import { access, constants, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';

/** The full path of an executable on the PATH of `env`, undefined when there is none. */
export async function findOnPath(name: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  return firstExecutable(
    (env.PATH ?? '')
      .split(delimiter)
      .filter(Boolean)
      .map((folder) => join(folder, name)),
  );
}

/** The first of these files that exists and may be executed. */
export async function firstExecutable(files: readonly string[]): Promise<string | undefined> {
  for (const file of files) if (await isExecutable(file)) return file;
  return undefined;
}

/** True when there is anything at that path. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function isExecutable(file: string): Promise<boolean> {
  const found = await stat(file).catch(() => undefined);
  if (found === undefined || !found.isFile()) return false;
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
