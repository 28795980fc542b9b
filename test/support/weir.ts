/** A job on real servers, from a test's point of view: produce, start, wait for a condition, look at the tables. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import type pg from 'pg';
import { findTemporalCli } from '../../src/dev/temporal.js';
import { parseBrokers, type KafkaConfig } from '../../src/io/kafka/config.js';
import { ensureTopic } from '../../src/io/kafka/createTopic.js';
import { openWriter, type OutgoingRecord } from '../../src/io/kafka/writer.js';
import { dataConverter } from '../../src/io/payload/dataConverter.js';
import { migrate } from '../../src/io/postgres/migrate.js';
import { createPool } from '../../src/io/postgres/pool.js';
import { loadConfig } from '../../src/worker/config.js';
import { eventually } from './eventually.js';
import { startWorkerProcess, type WorkerProcess } from './workerProcess.js';

export { eventually };

export interface Addresses {
  kafkaUrl: string;
  temporalAddress: string;
  postgresUrl: string;
}

const WEIR = join(import.meta.dirname, '../../bin/weir.mjs');
let unique = 0;

/** A name that no other test uses: of a job, a topic, a task queue. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${process.pid}-${++unique}`;
}

export interface Total {
  rows: number;
  hits: number;
}

/** Weir on a stack of servers, with a task queue of its own. */
export class Weir {
  readonly env: NodeJS.ProcessEnv;
  readonly kafka: KafkaConfig;
  readonly pool: pg.Pool;
  readonly client: Client;
  readonly taskQueue: string;
  readonly #connection: Connection;
  #worker: WorkerProcess | null = null;
  #log: () => Promise<string> = () => Promise.resolve('');

  private constructor(addresses: Addresses, connection: Connection) {
    this.taskQueue = uniqueName('queue');
    this.env = {
      ...process.env,
      KAFKA_URL: addresses.kafkaUrl,
      TEMPORAL_ADDRESS: addresses.temporalAddress,
      POSTGRES_URL: addresses.postgresUrl,
      WEIR_TASK_QUEUE: this.taskQueue,
      // Whoever runs the tests may have a key: no test asks the real service.
      IP2LOCATION_KEY: '',
      IP_CODING_KEY: '',
      GEOIP_MMDB: '',
      METRICS_ADDRESS: '',
    };
    this.kafka = { brokers: parseBrokers(addresses.kafkaUrl), clientId: 'test' };
    this.pool = createPool(loadConfig(this.env).postgres, 3);
    this.#connection = connection;
    this.client = new Client({ connection, dataConverter: dataConverter(this.pool) });
  }

  static async on(addresses: Addresses): Promise<Weir> {
    const connection = await Connection.connect({ address: addresses.temporalAddress });
    const weir = new Weir(addresses, connection);
    await migrate(loadConfig(weir.env).postgres);
    return weir;
  }

  async close(): Promise<void> {
    await this.stopWorker();
    await this.pool.end();
    await this.#connection.close();
  }

  /** Starts a worker, of as many processes, and resolves when it is ready. */
  async startWorker(processes = 1, env: NodeJS.ProcessEnv = {}): Promise<void> {
    this.#worker = await startWorkerProcess({ ...this.env, ...env }, { processes });
    this.#log = this.#worker.log;
  }

  async stopWorker(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#worker?.stop(signal);
    this.#worker = null;
  }

  /** SIGSTOP, and later SIGCONT: a machine that stands still for a while. */
  signalWorker(signal: NodeJS.Signals): void {
    this.#worker?.signal(signal);
  }

  workerLog(): Promise<string> {
    return this.#log();
  }

  /** Makes a topic and fills it. */
  async topic(partitions: number, records: readonly OutgoingRecord[] = []): Promise<string> {
    const topic = uniqueName('topic');
    await ensureTopic(this.kafka, { topic, partitions });
    await this.produce(topic, records);
    return topic;
  }

  async produce(topic: string, records: readonly OutgoingRecord[]): Promise<void> {
    if (records.length === 0) return;
    const writer = await openWriter(this.kafka, topic);
    await writer.write(records);
    await writer.close();
  }

  async start(name: string, input: object): Promise<WorkflowHandle> {
    return this.client.workflow.start('pipeline', {
      workflowId: name,
      taskQueue: this.taskQueue,
      args: [input],
    });
  }

  /** Starts a job as a person does. */
  async startByCli(name: string, input: object): Promise<string> {
    const options = {
      type: 'pipeline',
      'task-queue': this.taskQueue,
      'workflow-id': name,
      input: JSON.stringify(input),
    };
    const flags = Object.entries(options).flatMap(([option, value]) => [`--${option}`, value]);
    return this.temporal('workflow', 'start', '--fail-existing', ...flags);
  }

  /** Drains a job and resolves with its result. */
  async drain(name: string): Promise<unknown> {
    const handle = this.client.workflow.getHandle(name);
    await handle.executeUpdate('drain');
    return handle.result();
  }

  async progress(
    name: string,
  ): Promise<
    { partition: number; offset: number; number: number; late: number; rejected: number; read: number }[]
  > {
    const { rows } = await this.pool.query(
      'select partition, "offset", number, late, rejected, read from weir.progress where job = $1 order by partition',
      [name],
    );
    return rows as Awaited<ReturnType<Weir['progress']>>;
  }

  /** The job as its workflows have it. */
  async jobOf(name: string): Promise<object> {
    const { rows } = await this.pool.query('select config from weir.job where name = $1', [name]);
    return rows[0].config as object;
  }

  /** Waits until `count` records of the job are read and committed. */
  async committed(name: string, count: number, limitMs?: number): Promise<void> {
    const read = async () => (await this.progress(name)).reduce((sum, each) => sum + each.read, 0);
    await eventually(
      `${count} records of ${name} to be committed`,
      async () => (await read()) >= count,
      limitMs,
    );
  }

  /** What people see. */
  async view(name: string): Promise<Record<string, unknown>[]> {
    const { rows } = await this.pool.query(
      `select window_start, window_end, host, referrer, num_hits from aggregated_web_traffic
       where job = $1 order by window_start, host nulls first, referrer collate "C" nulls first`,
      [name],
    );
    return rows as Record<string, unknown>[];
  }

  async total(name: string): Promise<Total> {
    const rows = await this.view(name);
    return { rows: rows.length, hits: rows.reduce((sum, { num_hits }) => sum + (num_hits as number), 0) };
  }

  async rejected(
    name: string,
  ): Promise<{ partition: number; offset: number; reason: string; value: Buffer | null }[]> {
    const { rows } = await this.pool.query(
      'select partition, "offset", reason, value from weir.rejected where job = $1 order by partition, "offset"',
      [name],
    );
    return rows as Awaited<ReturnType<Weir['rejected']>>;
  }

  /** Runs `weir …`; rejects where it fails. */
  async weir(...args: string[]): Promise<string> {
    return run([process.execPath, WEIR, ...args], this.env);
  }

  /** Runs `temporal …`, as a person would. */
  async temporal(...args: string[]): Promise<string> {
    return run([(await findTemporalCli(process.env))!, ...args], this.env);
  }
}

/** A program's whole output; rejects with it where the program fails. */
async function run([file, ...args]: string[], env: NodeJS.ProcessEnv): Promise<string> {
  const child = spawn(file!, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}:\n${output}`);
  return output;
}

/** A hit as events have it. */
export function hit(event: {
  time: number | string;
  host?: string | null;
  referrer?: string | null;
  key?: string;
}): OutgoingRecord {
  const { time, host = 'www.example.com', referrer = null, key = null } = event;
  const event_time = typeof time === 'number' ? new Date(time).toISOString() : time;
  return { key, value: JSON.stringify({ url: '/', host, referrer, event_time }) };
}
