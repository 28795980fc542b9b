import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { cpuSecondsOf } from './processes.js';

const COMMAND = fileURLToPath(new URL('../bin/weir.mjs', import.meta.url));

/** A `weir worker` in a process of its own. */
export interface WorkerProcess {
  readonly pid: number;
  /** CPU seconds until it was ready. */
  readonly startUpCpuSeconds: number;
  /** In good order; resolves when it has ended. */
  stop(): Promise<void>;
  /** SIGKILL; resolves when it has ended. */
  kill(): Promise<void>;
}

/** Starts a worker with nothing but `env` and resolves when it is ready; its output is added to `logFile`. */
export async function startWorker(env: NodeJS.ProcessEnv, logFile: string): Promise<WorkerProcess> {
  const child = spawn(COMMAND, ['worker'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(logFile, { flags: 'a' });
  const die = (): void => void child.kill('SIGKILL');
  process.once('exit', die);
  const exited = once(child, 'exit').then(() => process.off('exit', die));
  const ready = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        log.write(chunk);
        if (chunk.includes('worker ready')) resolve();
      });
    }
  });
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await exited;
  };
  await Promise.race([
    ready,
    exited.then(() => {
      throw new Error(`the worker ended before it was ready: see ${logFile}`);
    }),
  ]);
  const pid = child.pid!;
  return {
    pid,
    startUpCpuSeconds: await cpuSecondsOf(pid),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}
