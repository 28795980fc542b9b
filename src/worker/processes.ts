/** Several workers on one host: a process each, since one JavaScript process keeps one core busy. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const AGAIN_MS = 1000;
/** What a program ends with whose configuration is not right: another try would not help. */
const MISCONFIGURED = 2;

export interface ProcessesOptions {
  processes: number;
  /** Program and arguments of one worker. */
  command: readonly [file: string, ...args: string[]];
  /** What the environment of each has beside this process's, by its index from 0 on. */
  envOf: (index: number) => NodeJS.ProcessEnv;
  /** Takes a line of the log of one, or about it, with its number from 1 on. */
  log: (line: string, number: number) => void;
}

/**
 * Runs so many workers, each followed by another when it dies, until SIGINT or SIGTERM; then all are stopped in good order. They end, too,
 * when this process is killed: each sees its channel to it close. Resolves with the code to end with.
 */
export async function runProcesses({ processes, command, envOf, log }: ProcessesOptions): Promise<number> {
  const running = new Set<ChildProcess>();
  const stopped = new AbortController();
  const stop = (): void => {
    stopped.abort();
    for (const child of running) child.kill('SIGTERM');
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);

  const follow = async (number: number): Promise<number> => {
    for (;;) {
      const [file, ...args] = command;
      const child = spawn(file, args, {
        stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
        env: { ...process.env, ...envOf(number - 1) },
      });
      running.add(child);
      createInterface({ input: child.stderr! }).on('line', (line) => log(line, number));
      const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
      running.delete(child);
      if (stopped.signal.aborted) return code ?? 0;
      if (code === MISCONFIGURED) {
        stop();
        return code;
      }
      log(`ended: ${signal ?? `code ${code}`}; another is started`, number);
      await pause(AGAIN_MS, stopped.signal);
      if (stopped.signal.aborted) return 0;
    }
  };
  const codes = await Promise.all(Array.from({ length: processes }, (_, i) => follow(i + 1)));
  return codes.find((code) => code !== 0) ?? 0;
}

/** In a process that {@link runProcesses} started: ends it in good order when that one is gone. */
export function endWithParent(): void {
  if (process.channel === undefined) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel?.unref();
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
