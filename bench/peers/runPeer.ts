import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withTicker } from '../../src/dev/cache.js';
import { lastLines } from '../../src/dev/log.js';
import { startProcess, type Command } from '../../src/dev/process.js';
import type { World } from '../world.js';
import { latencyPython, type Workshop } from './build.js';
import { ENGINES, type Built, type EngineName, type PeerRun } from './engines.js';
import { watchServers, type Measured } from './measured.js';
import type { Latency } from './table.js';

const LIMIT_MS = 600_000;
const MIB = 2 ** 20;

/** One engine, built, beside the servers that it works with. */
export interface Peer {
  name: EngineName;
  built: Built;
  shop: Workshop;
  world: World;
}

/** Runs a job over a topic to its end, measured by the peers' measure.py. Rejects with the reason when it fails. */
export async function runPeer(peer: Peer, run: PeerRun): Promise<Measured> {
  const { name, shop, world } = peer;
  const { args, env } = ENGINES[name].command(peer.built, run);
  const servers = await watchServers(world);
  const line = await resultOf<{ cpu_s: number; wall_s: number; peak_pss_mb: number; rc: number }>(peer, {
    run: run.run,
    what: `${ENGINES[name].title}: ${run.job}, ${run.events} events`,
    args: ['python3', join(shop.dir, 'measure.py'), run.run, ...args],
    env,
  });
  return {
    cpuSeconds: line.cpu_s,
    wallSeconds: line.wall_s - ENGINES[name].idleSeconds,
    peakBytes: line.peak_pss_mb * MIB,
    ...(await servers()),
  };
}

/** Measures an engine's latency by the peers' latency.py, which makes the traffic, too; about two minutes. */
export async function latencyOfPeer(peer: Peer): Promise<Latency> {
  const { name, shop } = peer;
  const run = `${name}-latency`;
  const { args, env } = ENGINES[name].command(peer.built, {
    job: 'latency',
    topic: '{topic}', // latency.py makes it
    run,
    events: 0,
  });
  const python = await latencyPython(shop);
  const line = await resultOf<{ p50_ms: number | null; p99_ms: number | null; windows_seen: number }>(peer, {
    run,
    what: `${ENGINES[name].title}: latency`,
    args: [python, join(shop.dir, 'latency.py'), run, ...args],
    env,
  });
  if (line.p50_ms === null || line.p99_ms === null) throw new Error('no row was seen in time');
  return { p50Ms: line.p50_ms, p99Ms: line.p99_ms };
}

/** Runs a program that adds a line of JSON to the file $RESULTS, and gives that line. */
async function resultOf<T extends object>(
  { shop, world }: Peer,
  order: { run: string; what: string; args: readonly string[]; env: Record<string, string> },
): Promise<T> {
  const { scratch, signal } = shop;
  const [file, ...args] = order.args;
  const results = join(scratch, `${order.run}.jsonl`);
  const log = join(scratch, `${order.run}.log`);
  const env = { ...shop.env, ...addresses(world), ...temporary(scratch), ...order.env, RESULTS: results };
  const end = await withTicker(world.say, order.what, () =>
    toItsEnd({ file: file!, args, env, cwd: scratch }, log, signal),
  );
  const line = await readFile(results, 'utf8').catch(() => '');
  const result =
    line === '' ? undefined : (JSON.parse(line.trimEnd().split('\n').at(-1)!) as T & { rc?: number });
  if (result !== undefined && (result.rc ?? 0) === 0) return result;
  world.say(`${order.what} failed:\n${await lastLines(log)}`);
  throw new Error(`ended with ${result === undefined ? end : `code ${result.rc}`}, see ${log}`);
}

/** Where the peers' programs find the servers. The database's tables of theirs are in a schema. */
function addresses({ env }: World): Record<string, string> {
  const { host, pathname } = new URL(env.POSTGRES_URL!);
  return {
    KAFKA: env.KAFKA_URL!,
    PG: `postgresql://postgres@${host}${pathname}?options=-csearch_path%3Dpeers`,
    JDBC: `jdbc:postgresql://${host}${pathname}?reWriteBatchedInserts=true&currentSchema=peers`,
  };
}

/** State, checkpoints and compiled Python go where they are removed at the end. */
function temporary(scratch: string): Record<string, string> {
  return {
    TMPDIR: scratch,
    SPARK_LOCAL_DIRS: scratch,
    JDK_JAVA_OPTIONS: `-Djava.io.tmpdir=${scratch}`,
    PYTHONDONTWRITEBYTECODE: '1',
  };
}

/** How it ended. Kills it, with everything that it started, when it takes too long or `signal` says so; then rejects. */
async function toItsEnd(command: Command, log: string, signal: AbortSignal): Promise<string> {
  const running = await startProcess(command, log);
  const limit = AbortSignal.timeout(LIMIT_MS);
  const stop = AbortSignal.any([signal, limit]);
  const kill = (): void => running.signal('SIGKILL');
  if (stop.aborted) kill();
  stop.addEventListener('abort', kill, { once: true });
  await running.exited;
  stop.removeEventListener('abort', kill);
  signal.throwIfAborted();
  if (limit.aborted) throw new Error(`did not end within ${LIMIT_MS / 60_000} minutes`);
  return running.ended()!;
}
