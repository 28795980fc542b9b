import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { startProcess, type RunningProcess } from '../../dev/process.js';
import { waitFor } from '../../dev/wait.js';

const WEIR = fileURLToPath(new URL('../../../bin/weir.mjs', import.meta.url));

/** A worker in a process of its own, so that it can be killed; one that ends is followed by another. */
export interface WorkerProcess {
  pid: () => number;
  stop(): Promise<void>;
}

export interface WorkerProcessOptions {
  env: NodeJS.ProcessEnv;
  logFile: string;
  note: (line: string) => void;
}

/** Resolves when the worker is ready. */
export async function startWorkerProcess(options: WorkerProcessOptions): Promise<WorkerProcess> {
  let stopping = false;
  let running = await startOnce(options);
  const followed = (async () => {
    for (;;) {
      await running.exited;
      if (stopping) return;
      options.note(`the worker (process ${running.pid}) ended: ${running.ended()}; starting another`);
      running = await startOnce(options);
    }
  })();
  followed.catch((error: Error) => options.note(error.message));
  return {
    pid: () => running.pid,
    async stop() {
      stopping = true;
      running.signal('SIGTERM');
      await followed;
    },
  };
}

async function startOnce({ env, logFile }: WorkerProcessOptions): Promise<RunningProcess> {
  const running = await startProcess({ file: WEIR, args: ['worker'], env }, logFile);
  await waitFor({
    what: 'the worker to be ready',
    limitMs: 30_000,
    logFile,
    check: async () => {
      if (!(await readFile(logFile, 'utf8')).includes('worker ready')) throw new Error('not yet');
    },
    hopeless: () => running.ended(),
  }).catch((error: unknown) => {
    running.signal('SIGTERM');
    throw error;
  });
  return running;
}
