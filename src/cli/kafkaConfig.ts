import type { KafkaConfig } from '../io/kafka/config.js';
import { ConfigError, loadConfig } from '../worker/config.js';
import type { OptionReader } from './options.js';

/** How Kafka is reached; undefined where the configuration is not right, whose problems are then among `read`'s. */
export function kafkaConfig(read: OptionReader): KafkaConfig | undefined {
  try {
    return loadConfig(process.env).kafka;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    error.problems.forEach((problem) => read.problem(problem));
    return undefined;
  }
}
