/** Configuration: the only reader of the environment. Checked once at the start; after that code gets a typed object. */
import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig';
import type { KafkaConfig } from '../io/kafka/config.js';
import { parsePostgres } from '../io/postgres/config.js';
import type { LogLevel } from '@temporalio/common';
import { geoConfig, type GeoConfig } from './geoConfig.js';
import { kafkaConfig } from './kafkaConfig.js';
import type { PostgresConfig } from '../io/postgres/pool.js';

/** Stands for the job's name in `KAFKA_GROUP`. */
const JOB_IN_GROUP = '<job>';
const OFF = 'off';
const LOG_LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'] as const;

export const DEFAULTS = {
  KAFKA_URL: 'localhost:9093',
  POSTGRES_URL: 'postgres://postgres@localhost:5432/weir',
  WEIR_TASK_QUEUE: 'weir',
  WEIR_ACTIVITY_SLOTS: '200',
  KAFKA_GROUP: `weir.${JOB_IN_GROUP}`,
  LOG_FORMAT: 'text',
  LOG_LEVEL: 'info',
} as const;

export interface Config {
  kafka: KafkaConfig;
  /** The topic of a job that names none; null: that of its pipeline. */
  topic: string | null;
  postgres: PostgresConfig;
  temporal: ClientConnectConfig;
  taskQueue: string;
  /** Activities at a time: each partition's poll holds one slot all the time, so this is more than there are partitions. */
  activitySlots: number;
  geo: GeoConfig;
  /** Where metrics are served; null: nowhere. */
  metrics: ListenAddress | null;
  /** The consumer group that a job's committed offsets are shown in; null: in none. */
  groupOf: ((job: string) => string) | null;
  log: LogConfig;
}

/** Of a network interface of this host, where IPv6 addresses stand in brackets. */
export interface ListenAddress {
  host: string;
  port: number;
}

export interface LogConfig {
  format: 'text' | 'json';
  level: LogLevel;
}

/** Everything that is wrong with the configuration, each problem with its variable. The command prints them all and exits with 2. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(['The configuration is not right:', ...problems.map((problem) => `  - ${problem}`)].join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

type Environment = Record<string, string | undefined>;

/** The configuration that `env` gives, an empty variable being none; throws {@link ConfigError} with every problem at once. */
export function loadConfig(env: Environment): Config {
  const problems: string[] = [];
  const text = (name: keyof typeof DEFAULTS): string => env[name] || DEFAULTS[name];
  const attempt = <T>(name: string, read: () => T): T => {
    try {
      return read();
    } catch (error) {
      problems.push(`${name}: ${(error as Error).message}`);
      return undefined as T; // never used: problems end in a throw
    }
  };
  const config: Config = {
    kafka: kafkaConfig(env, text('KAFKA_URL'), attempt),
    topic: attempt('KAFKA_TOPIC', () => (env['KAFKA_TOPIC'] ? topicName(env['KAFKA_TOPIC']) : null)),
    postgres: attempt('POSTGRES_URL', () => parsePostgres(text('POSTGRES_URL'), env)),
    temporal: attempt('TEMPORAL_*', () => loadClientConnectConfig({ overrideEnvVars: given(env) })),
    taskQueue: text('WEIR_TASK_QUEUE'),
    activitySlots: attempt('WEIR_ACTIVITY_SLOTS', () => wholeNumber(text('WEIR_ACTIVITY_SLOTS'), 5)),
    geo: geoConfig(env, attempt),
    metrics: attempt('METRICS_ADDRESS', () => listenAddress(env['METRICS_ADDRESS'] ?? '')),
    groupOf: attempt('KAFKA_GROUP', () => groupOf(text('KAFKA_GROUP'))),
    log: {
      format: attempt('LOG_FORMAT', () => oneOf(['text', 'json'], text('LOG_FORMAT'))),
      level: attempt('LOG_LEVEL', () => oneOf(LOG_LEVELS, text('LOG_LEVEL').toUpperCase())),
    },
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

/** Temporal's own reader would take an empty API key for one, and turn TLS on. */
function given(env: Environment): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => !!entry[1]));
}

function topicName(name: string): string {
  if (!/^[\w.-]{1,249}$/.test(name)) throw new Error(`"${name}" is not the name of a Kafka topic`);
  return name;
}

/** `9464` and `:9464` are that port of this host only. */
function listenAddress(text: string): ListenAddress | null {
  if (text === '') return null;
  const { host, port } = /^((?<host>[^\s:/]+|\[[\da-f:]+\])?:)?(?<port>\d{1,5})$/i.exec(text)?.groups ?? {};
  if (port === undefined || Number(port) < 1 || Number(port) > 65_535)
    throw new Error(`"${text}" is not host:port`);
  return { host: host ?? '127.0.0.1', port: Number(port) };
}

function groupOf(pattern: string): Config['groupOf'] {
  if (pattern === OFF) return null;
  return (job) => pattern.replaceAll(JOB_IN_GROUP, job);
}

function oneOf<T extends string>(known: readonly T[], text: string): T {
  const found = known.find((each) => each === text);
  if (found === undefined) throw new Error(`"${text}" is none of ${known.join(', ').toLowerCase()}`);
  return found;
}

function wholeNumber(text: string, least: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least)
    throw new Error(`"${text}" is not a whole number of at least ${least}`);
  return value;
}
