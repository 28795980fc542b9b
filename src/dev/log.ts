import { mkdir, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

const TAIL_LINES = 20;

/** The end of a service's log, indented, for error messages; says so when there is nothing. */
export async function lastLines(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const lines = text.trimEnd().split('\n').slice(-TAIL_LINES).join('\n').trim();
  return lines === '' ? '  (empty)' : lines.replaceAll(/^/gm, '  ');
}

/** Makes room for a fresh log; the log of the process before is kept beside it as `.previous`. */
export async function rotateLog(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await rename(file, `${file}.previous`).catch(() => undefined);
}
