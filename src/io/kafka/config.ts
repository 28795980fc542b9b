import type { KafkaConfig as KafkajsConfig } from 'kafkajs';

/** How to reach a Kafka cluster; read once, at the start (src/worker/config.ts). */
export interface KafkaConfig {
  /** `host:port` of some brokers; the rest of the cluster is found through them. */
  brokers: string[];
  /** The name under which brokers know this client: their logs, metrics and quotas. */
  clientId: string;
  ssl?: KafkajsConfig['ssl'];
  sasl?: KafkajsConfig['sasl'];
  logger?: KafkaLogger;
}

/**
 * Takes what kafkajs says about its connections. Only `debug`: kafkajs logs errors that are retried as ERROR,
 * and every error that matters is thrown to the caller anyway.
 */
export interface KafkaLogger {
  debug(message: string, attributes?: Record<string, unknown>): void;
}

const defaultPort = 9092;

/**
 * Reads a list of brokers such as `one:9092, two:9092`; a missing port is 9092.
 * @throws Error naming the entry that is not `host:port` (IPv6 addresses are not supported by kafkajs).
 */
export function parseBrokers(text: string): string[] {
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  if (entries.length === 0)
    throw new Error('the list of Kafka brokers is empty: expected host:port,host:port');
  return entries.map((entry) => {
    const { host, port } = /^(?<host>[^\s:/]+)(:(?<port>\d{1,5}))?$/.exec(entry)?.groups ?? {};
    const number = port === undefined ? defaultPort : Number(port);
    if (host === undefined || number < 1 || number > 65_535) {
      throw new Error(`"${entry}" is not a Kafka broker: expected host:port`);
    }
    return `${host}:${number}`;
  });
}
