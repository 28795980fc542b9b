/** The internal topic of a regrouping: one a job and epoch, kept for as long as its records may be read again. */
import { createHash } from 'node:crypto';
import type { Admin } from 'kafkajs';
import type { KafkaConfig } from './config.js';
import { ensureTopic } from './createTopic.js';
import { producerClient } from './producerClient.js';

const LONGEST = 200;

/** `weir.<job>.<epoch>`; of a job whose name no topic may have, with a hash instead of what is left out. */
export function internalTopic(job: string, epoch: number): string {
  const name = job.replaceAll(/[^\w.-]/g, '_').slice(0, LONGEST);
  const hash = name === job ? '' : `-${createHash('sha256').update(job).digest('hex').slice(0, 12)}`;
  return `weir.${name}${hash}.${epoch}`;
}

/** Makes it where it is absent. One that has another number of partitions is an error: keys would go elsewhere. */
export async function makeInternalTopic(
  config: KafkaConfig,
  topic: string,
  partitions: number,
): Promise<void> {
  const made = await ensureTopic(config, { topic, partitions, internal: true });
  if (made.partitions !== partitions) {
    throw new Error(
      `the internal topic ${topic} has ${made.partitions} partitions instead of ${partitions}: was it changed by hand?`,
    );
  }
}

/** Deletes the records below an offset each: nothing reads them again. */
export async function deleteRecordsBelow(
  config: KafkaConfig,
  topic: string,
  below: { partition: number; offset: number }[],
): Promise<void> {
  await withAdmin(config, async (admin) => {
    await admin.fetchTopicOffsets(topic); // or kafkajs does not know the leaders
    const partitions = below.map(({ partition, offset }) => ({ partition, offset: String(offset) }));
    await admin.deleteTopicRecords({ topic, partitions });
  });
}

/** Deletes a topic that is there. Rejects where the user may not. */
export async function deleteTopic(config: KafkaConfig, topic: string): Promise<void> {
  await withAdmin(config, (admin) => admin.deleteTopics({ topics: [topic] }));
}

async function withAdmin(config: KafkaConfig, work: (admin: Admin) => Promise<void>): Promise<void> {
  const admin = producerClient(config).admin();
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.disconnect();
  }
}
