/** What Kafka knows: how far partitions reach, and how long their records have waited. */
import type { KafkaConfig } from '../../io/kafka/config.js';
import { createKafkaReader } from '../../io/kafka/kafkaReader.js';
import type { LogName } from '../../io/kafka/logReader.js';
import type { TopicAdmin } from '../../io/kafka/topics.js';

/** End offsets by partition. Empty where the topic is gone or Kafka does not answer: the rest is shown all the same. */
export async function endOffsets(
  topics: TopicAdmin,
  topic: string,
  warn: (sentence: string) => void,
): Promise<Map<number, number>> {
  try {
    const description = await topics.describe(topic);
    return new Map(description?.partitions.map(({ partition, endOffset }) => [partition, endOffset]));
  } catch (error) {
    warn((error as Error).message);
    return new Map();
  }
}

const WAIT_MS = 1000;

/** The age, by Kafka's time, of the first record at or after `offset`, in ms; null where there is none, or it cannot be read. */
export async function ageAt(
  config: KafkaConfig & LogName,
  offset: number,
  now: () => number,
): Promise<number | null> {
  const reader = createKafkaReader(config);
  try {
    const { records } = await reader.fetch({ offset, maxWaitMs: WAIT_MS, maxBytes: 1 });
    return records.next() && records.timestampMs >= 0 ? Math.max(0, now() - records.timestampMs) : null;
  } catch {
    return null; // retention was faster, or a broker is away: the worker says so by its errors
  } finally {
    await reader.close();
  }
}
