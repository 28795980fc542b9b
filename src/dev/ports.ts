import { randomInt } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';

/** The usual port of everything the stack listens on; the first ones are the defaults of their own clients. */
export const USUAL_PORTS = {
  kafka: 9093,
  kafkaController: 9094,
  temporal: 7233,
  temporalUi: 8233,
  codec: 8234,
  postgres: 5432,
} as const;

export type PortName = keyof typeof USUAL_PORTS;
export type Ports = Record<PortName, number>;

export interface ChoosePorts {
  dataDir: string;
  /** False: none of the usual ones, for test stacks beside a person's own. */
  usual: boolean;
  /** Told about every port that is not the usual one. */
  say: (line: string) => void;
}

/**
 * A free port for each name: the one this data folder had last time, else the usual one, else any. What was chosen is kept in
 * `ports.json`, so that addresses stay the same over restarts.
 */
export async function choosePorts(names: readonly PortName[], options: ChoosePorts): Promise<Ports> {
  const file = join(options.dataDir, 'ports.json');
  const before = await readPorts(file);
  const chosen: Ports = { ...USUAL_PORTS, ...before };
  const taken = new Set<number>();
  for (const name of names) {
    const usual = USUAL_PORTS[name];
    const wanted = [before[name], ...(options.usual ? [usual] : [])].filter((port) => port !== undefined);
    const port = (await firstFree(wanted, taken)) ?? (await anyFree(taken));
    if (options.usual && port !== usual) {
      options.say(
        `${name}: port ${port}${port === before[name] ? ' as last time' : `, since ${usual} is taken`}`,
      );
    }
    taken.add(port);
    chosen[name] = port;
  }
  await writeFile(file, `${JSON.stringify(chosen, undefined, 2)}\n`);
  return chosen;
}

async function readPorts(file: string): Promise<Partial<Ports>> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Partial<Ports>;
  } catch {
    return {};
  }
}

async function firstFree(ports: readonly number[], taken: ReadonlySet<number>): Promise<number | undefined> {
  for (const port of ports) if (!taken.has(port) && (await isFree(port))) return port;
  return undefined;
}

/**
 * Below the ranges that kernels give to outgoing connections (32768 up on Linux): a client that dials a service while it is
 * down may otherwise be given that very port, and the service can not come back.
 */
async function anyFree(taken: ReadonlySet<number>): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const port = randomInt(20_000, 30_000);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new Error('Found no free port between 20000 and 30000 on 127.0.0.1');
}

/** True when nobody listens on 127.0.0.1:port, neither there nor (seen by connecting) on all interfaces. */
export async function isFree(port: number): Promise<boolean> {
  return (await canListen(port)) && !(await answers('127.0.0.1', port));
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

const CONNECT_LIMIT_MS = 3000;

/** True when something accepts a TCP connection there within 3 s. */
export function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_LIMIT_MS });
    const done = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
    socket.once('timeout', () => done(false));
  });
}
