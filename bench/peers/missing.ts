import { join } from 'node:path';
import { exists, findOnPath } from '../../src/dev/find.js';
import { ENGINES, type EngineName } from './engines.js';

/** Used by every engine's runs. */
export const SHARED_FILES = ['measure.py', 'latency.py', 'schema.sql'];

/** What a comparison with these engines lacks, one line each; empty when it can begin. */
export async function missing(
  dir: string,
  engines: readonly EngineName[],
  env: NodeJS.ProcessEnv,
): Promise<string[]> {
  if (!(await exists(dir))) return [`the folder ${dir} with the peers: set PEERS_DIR to where it is`];
  const files = [...SHARED_FILES, ...engines.flatMap((engine) => ENGINES[engine].files)];
  const tools = [...new Set(engines.flatMap((engine) => ENGINES[engine].tools))];
  const lines: string[] = [];
  for (const file of files) if (!(await exists(join(dir, file)))) lines.push(`the file ${join(dir, file)}`);
  for (const tool of tools)
    if ((await findOnPath(tool, env)) === undefined) lines.push(`the program ${tool}, on the PATH`);
  return lines;
}
