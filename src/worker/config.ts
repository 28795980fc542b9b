/** Configuration: the only reader of the environment. Checked once at the start; after that code gets a typed object. */
import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig';
import { parseBrokers, type KafkaConfig } from '../io/kafka/config.js';
import { parsePostgres } from '../io/postgres/config.js';
import { geoConfig, type GeoConfig } from './geoConfig.js';
import type { PostgresConfig } from '../io/postgres/pool.js';

export const DEFAULTS = {
  KAFKA_URL: 'localhost:9093',
  POSTGRES_URL: 'postgres://postgres@localhost:5432/weir',
  WEIR_TASK_QUEUE: 'weir',
  WEIR_ACTIVITY_SLOTS: '200',
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
    kafka: attempt('KAFKA_URL', () => ({ brokers: parseBrokers(text('KAFKA_URL')), clientId: 'weir' })),
    topic: attempt('KAFKA_TOPIC', () => (env['KAFKA_TOPIC'] ? topicName(env['KAFKA_TOPIC']) : null)),
    postgres: attempt('POSTGRES_URL', () => parsePostgres(text('POSTGRES_URL'), env)),
    temporal: attempt('TEMPORAL_*', () => loadClientConnectConfig({ overrideEnvVars: defined(env) })),
    taskQueue: text('WEIR_TASK_QUEUE'),
    activitySlots: attempt('WEIR_ACTIVITY_SLOTS', () => wholeNumber(text('WEIR_ACTIVITY_SLOTS'), 5)),
    geo: geoConfig(env, attempt),
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

function defined(env: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => Boolean(entry[1])),
  );
}

function topicName(name: string): string {
  if (!/^[\w.-]{1,249}$/.test(name)) throw new Error(`"${name}" is not the name of a Kafka topic`);
  return name;
}

function wholeNumber(text: string, least: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least)
    throw new Error(`"${text}" is not a whole number of at least ${least}`);
  return value;
}
