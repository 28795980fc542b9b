import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { signalGroup } from './process.js';
import { waitFor } from './wait.js';

const run = promisify(execFile);

/** The processes of one data folder, one file each: who runs now, and what a stack that was killed left running. */
interface ProcessNote {
  pid: number;
  /** The command line as the system shows it: a pid alone may belong to somebody else by now. */
  commandLine: string;
}

const OWNER = 'stack';

/**
 * Takes the data folder for this process. Rejects when another living process has it; what a killed one left running is
 * stopped first.
 */
export async function takeDataDir(dataDir: string, say: (line: string) => void): Promise<void> {
  const folder = notesFolder(dataDir);
  await mkdir(folder, { recursive: true });
  const owner = await livingProcess(noteFile(dataDir, OWNER));
  if (owner !== undefined) {
    throw new Error(
      `The process ${owner} uses the data in ${dataDir}: stop it, or give another data folder.`,
    );
  }
  await noteProcess(dataDir, OWNER, process.pid);
  for (const file of await readdir(folder)) {
    const name = file.replace(/\.json$/, '');
    if (name !== OWNER) await stopLeftover(dataDir, name, say);
  }
}

/** Gives the data folder back. */
export async function releaseDataDir(dataDir: string): Promise<void> {
  await forgetProcess(dataDir, OWNER);
}

/** Writes down that `pid` works for this data folder. */
export async function noteProcess(dataDir: string, name: string, pid: number): Promise<void> {
  const note: ProcessNote = { pid, commandLine: (await commandLineOf(pid)) ?? '' };
  await writeFile(noteFile(dataDir, name), JSON.stringify(note));
}

export async function forgetProcess(dataDir: string, name: string): Promise<void> {
  await rm(noteFile(dataDir, name), { force: true });
}

async function stopLeftover(dataDir: string, name: string, say: (line: string) => void): Promise<void> {
  const pid = await livingProcess(noteFile(dataDir, name));
  if (pid !== undefined) {
    say(`stopping ${name} (process ${pid}), left over from a stack that was killed`);
    // All of them take it as "stop, in good order".
    signalGroup(pid, 'SIGINT');
    await untilGone(pid).catch(() => {
      signalGroup(pid, 'SIGKILL');
      return untilGone(pid);
    });
  }
  await forgetProcess(dataDir, name);
}

function untilGone(pid: number): Promise<void> {
  return waitFor({
    what: `process ${pid} to end`,
    limitMs: 15_000,
    check: async () => {
      if ((await commandLineOf(pid)) !== undefined) throw new Error('it is still there');
    },
  });
}

async function livingProcess(file: string): Promise<number | undefined> {
  let note: ProcessNote;
  try {
    note = JSON.parse(await readFile(file, 'utf8')) as ProcessNote;
  } catch {
    return undefined;
  }
  const now = await commandLineOf(note.pid);
  return now !== undefined && now === note.commandLine ? note.pid : undefined;
}

/** The command line of a process, undefined when there is none (or only a zombie, which has none). */
export async function commandLineOf(pid: number): Promise<string | undefined> {
  try {
    const text =
      process.platform === 'linux'
        ? (await readFile(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ')
        : (await run('ps', ['-ww', '-o', 'command=', '-p', String(pid)])).stdout;
    return text.trim() || undefined;
  } catch {
    return undefined;
  }
}

/** True when there is a process of that number, whoever it belongs to, a dead one that nobody has collected included. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function notesFolder(dataDir: string): string {
  return join(dataDir, 'processes');
}

function noteFile(dataDir: string, name: string): string {
  return join(notesFolder(dataDir), `${name}.json`);
}
