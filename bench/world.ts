import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import type pg from 'pg';
import { removeStackData, startStack, type Stack } from '../src/dev/stack.js';
import type { KafkaConfig } from '../src/io/kafka/config.js';
import { dataConverter } from '../src/io/payload/dataConverter.js';
import { migrate } from '../src/io/postgres/migrate.js';
import { createPool } from '../src/io/postgres/pool.js';
import { loadConfig } from '../src/worker/config.js';
import { startWorker, type WorkerProcess } from './worker.js';

const DATA = fileURLToPath(new URL('../.weir/bench', import.meta.url));

/** What all measurements share: servers of their own, and what talks to them. */
export interface World {
  kafka: KafkaConfig;
  db: pg.Pool;
  client: Client;
  /** Process ids of the servers. */
  servers: Record<'temporal' | 'postgres' | 'kafka', number>;
  /** The environment in which every `weir` command finds these servers. */
  env: NodeJS.ProcessEnv;
  say: (line: string) => void;
  startWorker: () => Promise<WorkerProcess>;
  /** Size of Temporal's database, in bytes. */
  temporalBytes: () => Promise<number>;
  /** What the records of a topic take on disk, in bytes. */
  topicBytes: (topic: string) => Promise<number>;
  close: () => Promise<void>;
}

/**
 * Starts Kafka, Temporal and Postgres on free ports, with data in `.weir/bench`: an empty database, an empty Temporal, and topics as the
 * last run left them, if it kept them.
 */
export async function openWorld({
  keep,
  say,
  signal,
}: {
  keep: boolean;
  say: (line: string) => void;
  /** Ends a start that is under way. */
  signal?: AbortSignal;
}): Promise<World> {
  const temporalData = join(DATA, 'temporal');
  await mkdir(DATA, { recursive: true });
  await rm(temporalData, { recursive: true, force: true });
  const outside = withoutServers(process.env);
  const stack = await startStack({
    dataDir: DATA,
    env: outside,
    progress: say,
    headless: true,
    usualPorts: false,
    ...(signal && { signal }),
  });
  const closing: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closing.toReversed()) await end();
    await stack.stop();
    if (!keep) await removeStackData(DATA);
  };
  try {
    const env = { ...outside, ...addresses(stack) };
    const config = loadConfig(env);
    const db = createPool(config.postgres);
    closing.push(() => db.end());
    await db.query('drop schema if exists weir cascade');
    await db.query('drop schema if exists public cascade');
    await db.query('create schema public');
    await migrate(config.postgres);
    const connection = await Connection.connect({
      address: stack.temporal.address,
      // A page of history may be a little more than the 4 MiB that are the default.
      channelArgs: { 'grpc.max_receive_message_length': -1 },
    });
    closing.push(() => connection.close());
    const workers: WorkerProcess[] = [];
    closing.push(() => Promise.all(workers.map((worker) => worker.kill())));
    return {
      kafka: config.kafka,
      db,
      client: new Client({ connection, dataConverter: dataConverter(db) }),
      servers: { temporal: stack.temporal.pid!, postgres: stack.postgres.pid!, kafka: stack.kafka.pid! },
      env,
      say,
      async startWorker() {
        const worker = await startWorker(env, join(DATA, 'worker.log'));
        workers.push(worker);
        return worker;
      },
      temporalBytes: () => sizeOf(temporalData),
      topicBytes: (topic) => recordsOf(join(DATA, 'kafka'), topic),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Servers of the person who runs this must neither be measured nor filled. */
function withoutServers(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(KAFKA_(URL|TOPIC)|POSTGRES_|TEMPORAL_|WEIR_)/.test(name)),
  );
}

function addresses({ kafka, temporal, postgres }: Stack): NodeJS.ProcessEnv {
  return { KAFKA_URL: kafka.address, TEMPORAL_ADDRESS: temporal.address, POSTGRES_URL: postgres.address };
}

async function sizeOf(folder: string): Promise<number> {
  const sizes = (await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size);
  return (await Promise.all(sizes)).reduce((sum, bytes) => sum + bytes, 0);
}

async function recordsOf(folder: string, topic: string): Promise<number> {
  const names = await readdir(folder, { recursive: true });
  const logs = names.filter((name) => name.endsWith('.log') && name.includes(`${topic}-`));
  const sizes = logs.map(async (name) => (await stat(join(folder, name))).size);
  return (await Promise.all(sizes)).reduce((sum, bytes) => sum + bytes, 0);
}
