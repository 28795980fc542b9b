import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import type { StackContext } from './context.js';
import { type KafkaOptions, planKafka } from './kafka.js';
import { releaseDataDir, takeDataDir } from './leftovers.js';
import { choosePorts, type PortName } from './ports.js';
import { planPostgres, resetPostgres } from './postgres.js';
import type { Service, ServicePlan } from './service.js';
import { startCodec } from './codec.js';
import { planTemporal } from './temporal.js';

export interface StackOptions {
  /** Data, logs and chosen ports; made when absent, kept over restarts. One stack at a time. */
  dataDir: string;
  /** KAFKA_URL, TEMPORAL_ADDRESS and POSTGRES_URL name servers to use instead of own ones; PATH, JAVA_HOME, KAFKA_HOME and XDG_CACHE_HOME say where programs are. */
  env: NodeJS.ProcessEnv;
  /** Begin afresh: wipe data (and never anything of a server that is not ours). */
  reset?: boolean;
  /** Gets a line for everything that takes more than a second and every choice that a person would want to know. */
  progress: (line: string) => void;
  /** Values as JSON: `{'limit.historyCount.suggestContinueAsNew': '500'}`. */
  temporalDynamicConfig?: Readonly<Record<string, string>>;
  kafka?: KafkaOptions;
  /** No Temporal UI. */
  headless?: boolean;
  /** False: take none of the usual ports (for test stacks). */
  usualPorts?: boolean;
  /** Ends a start that is under way: what was started is stopped, and `startStack` rejects with the reason. */
  signal?: AbortSignal;
}

export interface Stack {
  kafka: Service;
  temporal: Service;
  postgres: Service;
  /** Decodes payloads for the Temporal UI and CLI; runs in this process. */
  codec: Service;
  /** Address of the Temporal UI, when the server is ours and not headless. */
  temporalUi?: string;
  /** Stops everything that is ours; resolves when no process is left. */
  stop(): Promise<void>;
}

/**
 * Starts Kafka, Temporal and Postgres and resolves when all of them answer. Rejects with one error that names everything that
 * is missing or did not start, and leaves nothing running.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const dataDir = resolve(options.dataDir);
  await mkdir(dataDir, { recursive: true });
  await takeDataDir(dataDir, options.progress);
  try {
    if (options.reset === true) await wipe(dataDir);
    return await startServices(dataDir, options);
  } catch (error) {
    await releaseDataDir(dataDir);
    throw error;
  }
}

/**
 * Removes a data folder with everything in it, after stopping what a killed stack left running. Rejects when a living process
 * uses it.
 */
export async function removeStackData(dataDir: string): Promise<void> {
  const folder = resolve(dataDir);
  await mkdir(folder, { recursive: true });
  await takeDataDir(folder, () => undefined);
  await wipe(folder);
  await rm(folder, { recursive: true, force: true });
}

async function startServices(dataDir: string, options: StackOptions): Promise<Stack> {
  const { env, progress, temporalDynamicConfig = {}, kafka = {}, headless = false } = options;
  const plans = {
    kafka: planKafka(env, kafka),
    temporal: planTemporal(env, { dynamicConfig: temporalDynamicConfig, headless }),
    postgres: planPostgres(env, dataDir),
  };
  await allSucceed(Object.values(plans));
  const ports = await choosePorts(wantedPorts(options), {
    dataDir,
    usual: options.usualPorts !== false,
    say: progress,
  });
  progress(`starting Kafka, Temporal and Postgres where none is given (data and logs in ${dataDir})`);
  let postgresUrl: string | undefined;
  const codec = await startCodec({ ports, env, postgresUrl: () => postgresUrl });

  const started: Service[] = [codec];
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const context: StackContext = { dataDir, env, ports, progress, signal };
  const start = async (plan: Promise<ServicePlan>) => {
    try {
      const service = await (await plan)(context);
      started.push(service);
      return service;
    } catch (error) {
      failed.abort(error);
      throw error;
    }
  };
  const starts = {
    kafka: start(plans.kafka),
    temporal: start(plans.temporal),
    postgres: start(plans.postgres),
  };
  try {
    await allSucceed(Object.values(starts));
  } catch (error) {
    await stopServices(started);
    throw error;
  }
  const temporal = await starts.temporal;
  const postgres = await starts.postgres;
  postgresUrl = postgres.address;
  return {
    kafka: await starts.kafka,
    temporal,
    postgres,
    codec,
    ...(temporal.owned && !headless ? { temporalUi: `http://127.0.0.1:${ports.temporalUi}` } : {}),
    stop: async () => {
      try {
        await stopServices(started);
      } finally {
        await releaseDataDir(dataDir);
      }
    },
  };
}

/** Only for what we start ourselves: a port that nobody will use need not be free. */
function wantedPorts({ env, headless }: StackOptions): PortName[] {
  const temporal: PortName[] = headless === true ? ['temporal'] : ['temporal', 'temporalUi'];
  return [
    ...(env.KAFKA_URL ? [] : (['kafka', 'kafkaController'] as const)),
    ...(env.TEMPORAL_ADDRESS ? [] : temporal),
    ...(env.POSTGRES_URL ? [] : (['postgres'] as const)),
    'codec',
  ];
}

async function wipe(dataDir: string): Promise<void> {
  for (const name of ['kafka', 'temporal']) await rm(join(dataDir, name), { recursive: true, force: true });
  await resetPostgres(dataDir);
}

/** In parallel; the codec server, which was there first, goes last. */
async function stopServices([codec, ...services]: Service[]): Promise<void> {
  await allSucceed(services.map((service) => service.stop()));
  await codec?.stop();
}

/** Waits for all; when some failed, rejects with one error that tells each failure once. */
async function allSucceed(work: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(work);
  const failures = new Set(
    results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : [])),
  );
  const messages = [...failures].map((failure) =>
    failure instanceof Error ? failure.message : String(failure),
  );
  if (messages.length > 0) throw new Error(messages.join('\n'), { cause: [...failures][0] });
}
