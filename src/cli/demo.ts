/** `weir demo`: the local stack, a worker, a job of each pipeline and traffic for them, until Ctrl-C. `npm start` runs it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import type pg from 'pg';
import { startStack, type Stack } from '../dev/stack.js';
import { migrate } from '../io/postgres/migrate.js';
import { createPool } from '../io/postgres/pool.js';
import { loadConfig } from '../worker/config.js';
import { DEFAULT_TOPICS } from '../pipelines/jobInput.js';
import { clicksTable, readClicks } from './demo/clicks.js';
import { tryNext } from './demo/commands.js';
import { readResults, resultsTable } from './demo/results.js';
import { readSessions, sessionsTable } from './demo/sessions.js';
import { startJob } from './demo/startJob.js';
import { makeTopic, sendHistory, sendTrickle, type DemoTraffic } from './demo/traffic.js';
import { startWorkerProcess, type WorkerProcess } from './demo/workerProcess.js';

/** By name: the input of each job but its topic, and what the topic holds. Web traffic is keyed by ip. */
const JOBS = {
  hits: { kind: 'web', input: { pipeline: 'hits' } },
  sessions: { kind: 'web', input: { pipeline: 'sessions', partitionedBy: 'key' } },
  clicks: { kind: 'clicks', input: { pipeline: 'clicks' } },
} as const;
const DATA_DIR = fileURLToPath(new URL('../../.weir', import.meta.url));
const ROWS_LIMIT_MS = 60_000;
const REFRESH_MS = 2000;

export function demoCommand(): Command {
  return new Command('demo')
    .summary('start everything here and watch results come')
    .description(
      'Starts Kafka, Temporal and Postgres, a worker, a job of each pipeline and sample traffic, and shows the results until Ctrl-C.',
    )
    .option('--once', 'stop once there are rows')
    .option('--reset', 'begin afresh: forget what earlier runs left in .weir')
    .action(run);
}

async function run({ once, reset }: { once?: true; reset?: true }): Promise<void> {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) note('stopping, a moment');
    stop.abort(new Stopped());
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
  const started: { stop(): Promise<void> }[] = [];
  try {
    await demo({ once: once === true, reset: reset === true, stop: stop.signal, started });
  } catch (error) {
    if (!isStopped(error)) throw error;
  } finally {
    stop.abort(new Stopped());
    if (started.length > 0) note('stopping');
    for (const each of started.toReversed()) {
      await each.stop().catch((error: Error) => note(error.message)); // the others are to be stopped all the same
    }
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, onSignal);
  }
}

/** Ctrl-C: no failure. */
class Stopped extends Error {}

function isStopped(error: unknown): boolean {
  return error instanceof Stopped || (error instanceof Error && error.cause instanceof Stopped);
}

interface Demo {
  once: boolean;
  reset: boolean;
  stop: AbortSignal;
  /** What is to be stopped in the end, in the order in which it was started. */
  started: { stop(): Promise<void> }[];
}

async function demo({ once, reset, stop, started }: Demo): Promise<void> {
  const stack = await startStack({
    dataDir: DATA_DIR,
    env: process.env,
    reset,
    progress: note,
    signal: stop,
  });
  started.push(stack);
  const env = environment(stack);
  const config = loadConfig(env);
  for (const migration of await migrate(config.postgres)) note(`migrated: ${migration}`);
  const pool = createPool(config.postgres, 2);
  started.push({ stop: () => pool.end() });

  const logFile = join(DATA_DIR, 'logs', 'worker.log');
  const worker = await startWorkerProcess({ env, logFile, note });
  started.push(worker);
  note(`worker: process ${worker.pid()}, log ${logFile}`);

  const topics = { web: config.topic ?? DEFAULT_TOPICS.hits, clicks: DEFAULT_TOPICS.clicks };
  const traffics = (['web', 'clicks'] as const).map((kind): DemoTraffic => ({
    kafka: config.kafka,
    topic: topics[kind],
    kind,
    stop,
    note,
  }));
  for (const traffic of traffics) await makeTopic(traffic);
  for (const [name, { kind, input }] of Object.entries(JOBS))
    await startJob(config, { name, input: { ...input, topic: topics[kind] } });
  for (const traffic of traffics) {
    const line = await lineOf(pool, traffic.kind);
    note(`sent ${await sendHistory(traffic, line)} events to ${traffic.topic}`);
  }
  await rowsAreThere(pool, stop);
  for (const traffic of traffics) {
    const trickle = sendTrickle(traffic);
    trickle.catch((error: Error) => note(`the traffic stopped: ${error.message}`));
    started.push({ stop: () => trickle });
  }
  await show({ stack, pool, worker, once, stop });
}

function environment(stack: Stack): NodeJS.ProcessEnv {
  return {
    ...process.env,
    KAFKA_URL: stack.kafka.address,
    TEMPORAL_ADDRESS: stack.temporal.address,
    POSTGRES_URL: stack.postgres.address,
  };
}

/** What is before this would be late for one of the jobs that read such traffic. */
async function lineOf(pool: pg.Pool, kind: DemoTraffic['kind']): Promise<number | null> {
  const jobs = Object.entries(JOBS).filter(([, job]) => job.kind === kind);
  const { rows } = await pool.query(
    `select weir.millis(max(watermark)) as line from weir.progress where stage = 1 and job = any($1)`,
    [jobs.map(([name]) => name)],
  );
  return (rows[0] as { line: number | null }).line;
}

async function rowsAreThere(pool: pg.Pool, stop: AbortSignal): Promise<void> {
  const limit = Date.now() + ROWS_LIMIT_MS;
  for (;;) {
    const { rows } = await readResults(pool, 'hits');
    const { sessions } = await readSessions(pool, 'sessions');
    const { urls } = await readClicks(pool, 'clicks');
    if (rows > 0 && sessions > 0 && urls > 0) return;
    if (Date.now() > limit) {
      throw new Error(
        `after ${ROWS_LIMIT_MS / 1000} s aggregated_web_traffic has ${rows} rows, user_sessions ${sessions}, aggregated_clickstream ${urls}`,
      );
    }
    await sleep(100, undefined, { signal: stop }).catch(() => stop.throwIfAborted());
  }
}

interface Screen {
  stack: Stack;
  pool: pg.Pool;
  worker: WorkerProcess;
  once: boolean;
  stop: AbortSignal;
}

async function show({ stack, pool, worker, once, stop }: Screen): Promise<void> {
  await mkdir(DATA_DIR, { recursive: true });
  const hints = await tryNext(stack, { dataDir: DATA_DIR, workerPid: worker.pid });
  await writeFile(join(DATA_DIR, 'env'), hints.env);
  const live = process.stdout.isTTY && !once;
  for (;;) {
    const tables = [
      resultsTable(await readResults(pool, 'hits')),
      sessionsTable(await readSessions(pool, 'sessions')),
      clicksTable(await readClicks(pool, 'clicks')),
    ];
    const text = `${tables.join('\n\n')}\n\n${hints.text()}`;
    console.log(live ? `\u001b[2J\u001b[H${text}` : text);
    if (once) return;
    await sleep(live ? REFRESH_MS : 15 * REFRESH_MS, undefined, { signal: stop }).catch(() =>
      stop.throwIfAborted(),
    );
  }
}

function note(line: string): void {
  console.error(line);
}
