import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../src/cli/main.ts', import.meta.url));

interface Started {
  child: ChildProcessWithoutNullStreams;
  exited: Promise<number | null>;
}

/** `weir` as a process of its own. */
export function start(args: string[], env: Record<string, string> = {}): Started {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], {
    env: { ...process.env, ...env },
  });
  return { child, exited: new Promise((resolve) => child.on('close', resolve)) };
}
