import kafkajs from 'kafkajs';
import type { World } from './world.js';

/** Reads a topic up to `ends`, the end offset of each partition, by a plain consumer; the records of a partition in order. */
export async function readTopic(
  { kafka: { brokers } }: World,
  { topic, ends }: { topic: string; ends: readonly number[] },
  take: (partition: number, value: string) => void,
): Promise<void> {
  const kafka = new kafkajs.Kafka({ brokers, clientId: 'weir-bench', logLevel: kafkajs.logLevel.NOTHING });
  const consumer = kafka.consumer({ groupId: `bench-${Date.now()}` });
  const unread = new Set(ends.keys());
  await consumer.connect();
  try {
    await consumer.subscribe({ topic, fromBeginning: true });
    await new Promise<void>((resolve, reject) => {
      const eachBatch = ({ batch: { partition, messages } }: kafkajs.EachBatchPayload): Promise<void> => {
        for (const { value } of messages) take(partition, value!.toString());
        if (Number(messages.at(-1)?.offset) === ends[partition]! - 1) unread.delete(partition);
        if (unread.size === 0) resolve();
        return Promise.resolve();
      };
      consumer.run({ eachBatch, partitionsConsumedConcurrently: ends.length }).catch(reject);
    });
  } finally {
    await consumer.disconnect();
  }
}
