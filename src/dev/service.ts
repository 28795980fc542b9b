import { type StackContext, logFile } from './context.js';
import { forgetProcess, noteProcess } from './leftovers.js';
import { type Command, type RunningProcess, startProcess } from './process.js';
import { waitFor } from './wait.js';

/** One server of the stack. */
export interface Service {
  readonly name: string;
  /** As its clients take it: host:port, or a postgresql:// or http:// address. */
  readonly address: string;
  /** The process now running; undefined when it is down, not ours, or inside this process. */
  readonly pid: number | undefined;
  /** False when the address came from the environment: then it is used, and never stopped. */
  readonly owned: boolean;
  /** In its own way, without losing anything. No effect when it is down already or not ours. */
  stop(): Promise<void>;
  /** SIGKILL, as a crash would. Rejects when it is not ours. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data; resolves when it answers. Rejects when it is not ours. */
  restart(): Promise<void>;
}

/**
 * Starts a service. Making the plan finds programs and checks given addresses, so that everything that is missing is said
 * before a long download begins.
 */
export type ServicePlan = (context: StackContext) => Promise<Service>;

/** What there is to know about a server that runs as a process of its own. */
export interface ServiceSpec {
  name: string;
  address: string;
  command: Command;
  /** Resolves when the server answers its own protocol. */
  answers: () => Promise<void>;
  startLimitMs: number;
  stopSignal: NodeJS.Signals;
  /** After this it is killed. */
  stopLimitMs: number;
  /** Before each start, first or again. */
  beforeStart?: () => Promise<void>;
  /** A start that ended with this in the log is tried again within the limit. */
  passingFailure?: RegExp;
}

/** Starts the server and resolves when it answers. */
export async function startService(spec: ServiceSpec, context: StackContext): Promise<Service> {
  const log = logFile(context, spec.name);
  let running: RunningProcess | undefined;

  const start = async () => {
    const began = Date.now();
    await spec.beforeStart?.();
    const process = await startProcess(spec.command, log);
    running = process;
    await noteProcess(context.dataDir, spec.name, process.pid);
    try {
      await waitFor({
        what: `${spec.name} to answer at ${spec.address}`,
        limitMs: spec.startLimitMs,
        check: spec.answers,
        hopeless: () => (process.ended() === undefined ? undefined : `it ended with ${process.ended()}`),
        logFile: log,
        signal: context.signal,
      });
    } catch (error) {
      await end('SIGKILL');
      throw error;
    }
    context.progress(
      `${spec.name}: ${spec.address} (ready after ${((Date.now() - began) / 1000).toFixed(1)} s)`,
    );
  };

  const startPatiently = async () => {
    const deadline = Date.now() + spec.startLimitMs;
    for (;;) {
      try {
        return await start();
      } catch (error) {
        const passing = spec.passingFailure?.test(String(error)) === true && Date.now() < deadline;
        if (!passing) throw error;
      }
    }
  };

  const end = async (signal: NodeJS.Signals) => {
    const process = running;
    if (process === undefined) return;
    process.signal(signal);
    const kill = setTimeout(() => process.signal('SIGKILL'), spec.stopLimitMs);
    await process.exited;
    clearTimeout(kill);
    running = undefined;
    await forgetProcess(context.dataDir, spec.name);
  };

  await startPatiently();
  return {
    name: spec.name,
    address: spec.address,
    owned: true,
    get pid() {
      return running?.ended() === undefined ? running?.pid : undefined;
    },
    stop: () => end(spec.stopSignal),
    kill: () => end('SIGKILL'),
    restart: async () => {
      await end(spec.stopSignal);
      await startPatiently();
    },
  };
}

/** A server that somebody else runs. */
export function foreignService(name: string, address: string): Service {
  const notOurs = async () => {
    throw new Error(`${name} at ${address} was given by the environment and is not ours to kill or start`);
  };
  return {
    name,
    address,
    owned: false,
    pid: undefined,
    stop: async () => undefined,
    kill: notOurs,
    restart: notOurs,
  };
}
