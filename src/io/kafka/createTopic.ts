import { setTimeout as sleep } from 'node:timers/promises';
import type { KafkaConfig } from './config.js';
import { KafkaUnavailable } from './logReader.js';
import { connected, producerClient } from './producerClient.js';
import { refusalOf } from './refusals.js';
import { createTopicAdmin } from './topics.js';

const INTERNAL = [
  { name: 'retention.ms', value: '-1' },
  { name: 'retention.bytes', value: '-1' },
  { name: 'cleanup.policy', value: 'delete' },
  { name: 'message.timestamp.type', value: 'LogAppendTime' },
  { name: 'max.message.bytes', value: '10485760' }, // one long text may exceed what a message usually ends at
];
const LEADERS_LIMIT_MS = 30_000;
const LOOK_AGAIN_MS = 50;

export interface TopicRequest {
  topic: string;
  /** How many partitions a new topic gets. */
  partitions: number;
  /** `retention.ms` of a new topic: `'forever'` for records stamped with event times (see OutgoingRecord); default: the broker's. */
  retention?: 'forever';
  /** weir's own: kept until weir deletes it, stamped by the broker, never compacted. */
  internal?: true;
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
    const configEntries = request.internal
      ? INTERNAL
      : request.retention === 'forever'
        ? [{ name: 'retention.ms', value: '-1' }]
        : [];
    const created = await admin.createTopics({
      topics: [{ topic, numPartitions: partitions, configEntries }],
      waitForLeaders: false, // its waiting gives up at a broker that has not heard of the topic yet
    });
    return { created, partitions: await partitionsOf(config, topic) };
  } catch (error) {
    throw new Error(`topic ${topic} cannot be made: ${reasonsOf(error)}`, { cause: error });
  } finally {
    await admin.disconnect();
  }
}

/** How many partitions the topic has, once each has a leader. */
export async function partitionsOf(config: KafkaConfig, topic: string): Promise<number> {
  const topics = createTopicAdmin(config);
  const limit = Date.now() + LEADERS_LIMIT_MS;
  try {
    for (;;) {
      try {
        const description = await topics.describe(topic);
        if (description !== null) return description.partitions.length;
      } catch (error) {
        if (!(error instanceof KafkaUnavailable) || Date.now() > limit) throw error;
      }
      if (Date.now() > limit) throw new Error(`no broker knows topic ${topic}`);
      await sleep(LOOK_AGAIN_MS);
    }
  } finally {
    await topics.close();
  }
}

/** kafkajs throws one error that holds one a topic. */
function reasonsOf(error: unknown): string {
  const errors =
    error instanceof Error && 'errors' in error && Array.isArray(error.errors) ? error.errors : [error];
  return errors
    .map((each: unknown) => refusalOf(each) ?? (each instanceof Error ? each.message : String(each)))
    .join('; ');
}
