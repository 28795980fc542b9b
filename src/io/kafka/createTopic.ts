import type { KafkaConfig } from './config.js';
import { connected, producerClient } from './producerClient.js';

export interface TopicRequest {
  topic: string;
  /** How many partitions a new topic gets. */
  partitions: number;
  /** `retention.ms` of a new topic: `'forever'` for records stamped with event times (see OutgoingRecord); default: the broker's. */
  retention?: 'forever';
}

/**
 * Makes the topic where it is absent. One that exists is left exactly as it is, whatever it looks like.
 *
 * @returns whether it was made, and how many partitions it has now
 * @throws Error that names the address where no broker answers, or the broker's reason for refusing
 */
export async function ensureTopic(
  config: KafkaConfig,
  request: TopicRequest,
): Promise<{ created: boolean; partitions: number }> {
  const { topic, partitions } = request;
  const admin = producerClient(config).admin();
  await connected(config, () => admin.connect());
  try {
    const configEntries = request.retention === 'forever' ? [{ name: 'retention.ms', value: '-1' }] : [];
    const created = await admin.createTopics({
      topics: [{ topic, numPartitions: partitions, configEntries }],
    });
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return { created, partitions: topics[0]!.partitions.length };
  } catch (error) {
    throw new Error(`topic ${topic} cannot be made: ${reasonsOf(error)}`, { cause: error });
  } finally {
    await admin.disconnect();
  }
}

/** kafkajs throws one error that holds one a topic. */
function reasonsOf(error: unknown): string {
  const errors =
    error instanceof Error && 'errors' in error && Array.isArray(error.errors) ? error.errors : [error];
  return errors.map((each: unknown) => (each instanceof Error ? each.message : String(each))).join('; ');
}
