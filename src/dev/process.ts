import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

import { lastLines, rotateLog } from './log.js';

/** A program and how to run it. `user` is who runs it, when we are root and it must not be. */
export interface Command {
  file: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  cwd?: string;
  user?: { uid: number; gid: number } | undefined;
}

export interface RunningProcess {
  readonly pid: number;
  /** How it ended ("code 1", "SIGKILL"), undefined while it runs. */
  ended(): string | undefined;
  readonly exited: Promise<void>;
  /** To the whole process group: a service's own children too. No effect once it has ended. */
  signal(name: NodeJS.Signals): void;
}

/**
 * Starts a service in the background, its output in `logFile`. It is a process group of its own, so that Ctrl-C in the
 * terminal reaches only us and services stop in our order; when this process exits without stopping them they get SIGTERM.
 */
export async function startProcess(command: Command, logFile: string): Promise<RunningProcess> {
  await rotateLog(logFile);
  const log = openSync(logFile, 'w');
  const child = spawn(command.file, [...command.args], {
    detached: true,
    stdio: ['ignore', log, log],
    env: command.env,
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
    ...command.user,
  });
  closeSync(log);
  let ended: string | undefined;
  const started = new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  const exited = new Promise<void>((resolve) => {
    child.once('exit', (code, signal) => {
      ended = signal ?? `code ${code}`;
      process.off('exit', terminate);
      resolve();
    });
  });
  await started;
  const pid = child.pid!;
  const signal = (name: NodeJS.Signals) => {
    if (ended === undefined) signalGroup(pid, name);
  };
  const terminate = () => signal('SIGTERM');
  process.once('exit', terminate);
  return { pid, ended: () => ended, exited, signal };
}

/** Signals a process group; one that is gone already is fine. */
export function signalGroup(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Runs a tool (initdb, mvn, go) to its end. Rejects with its name and the last lines of its output when it fails. */
export async function runTool(
  command: Command,
  options: { logFile: string; signal?: AbortSignal | undefined },
): Promise<void> {
  await rotateLog(options.logFile);
  const log = openSync(options.logFile, 'w');
  const child = spawn(command.file, [...command.args], {
    stdio: ['ignore', log, log],
    env: command.env,
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...command.user,
  });
  closeSync(log);
  const end = await new Promise<string>((resolve, reject) => {
    child.once('error', (error) => reject(options.signal?.aborted === true ? options.signal.reason : error));
    child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`));
  });
  if (end === 'code 0') return;
  throw new Error(`${command.file} ended with ${end}:\n${await lastLines(options.logFile)}`);
}
