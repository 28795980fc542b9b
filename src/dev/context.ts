import { join } from 'node:path';

import type { Ports } from './ports.js';

/** What every service of one stack needs to know. */
export interface StackContext {
  /** Absolute. */
  dataDir: string;
  env: NodeJS.ProcessEnv;
  ports: Ports;
  progress: (line: string) => void;
  /** Ends a start that is under way. */
  signal: AbortSignal | undefined;
}

/** The log of a service or a tool. */
export function logFile(context: { dataDir: string }, name: string): string {
  return join(context.dataDir, 'logs', `${name}.log`);
}
