import { mkdtemp, readFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcess } from '../../src/dev/process.js';
import { eventually } from './eventually.js';

const WEIR = join(import.meta.dirname, '../../bin/weir.mjs');

/** A `weir worker` in a process of its own. */
export interface WorkerProcess {
  /** As Temporal knows it, where it is one process. */
  identity: string;
  readonly log: () => Promise<string>;
  /** Sends a signal and waits for nothing: SIGSTOP, SIGCONT. */
  signal(signal: NodeJS.Signals): void;
  /** Resolves with how it ended: `code 0`, `SIGKILL`. */
  stop(signal?: NodeJS.Signals): Promise<string>;
}

/** Starts a worker, of as many processes, and resolves when it is ready; `file`: the command of another build. */
export async function startWorkerProcess(
  env: NodeJS.ProcessEnv,
  { processes = 1, file = WEIR }: { processes?: number; file?: string } = {},
): Promise<WorkerProcess> {
  const logFile = join(await mkdtemp(join(tmpdir(), 'weir-test-')), 'worker.log');
  const args = processes === 1 ? ['worker'] : ['worker', '--processes', String(processes)];
  const worker = await startProcess({ file, args, env }, logFile);
  const log = () => readFile(logFile, 'utf8').catch(() => '');
  await eventually('the worker to be ready', async () => {
    if (worker.ended() !== undefined) throw new Error(await log());
    return (await log()).split('worker ready').length > processes;
  });
  return {
    identity: `${worker.pid}@${hostname()}`,
    log,
    signal: (signal) => worker.signal(signal),
    async stop(signal = 'SIGTERM') {
      worker.signal(signal);
      await worker.exited;
      return worker.ended()!;
    },
  };
}
