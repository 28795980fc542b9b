import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';
import { type KafkaConfig, parseBrokers } from '../../src/io/kafka/config.js';
import { createTopicAdmin } from '../../src/io/kafka/topics.js';
import type { BatchRecord } from './kafkaBatch.js';
import { eventually } from './weir.js';

/** A real cluster, with what tests do to it beside reading. Partition 0 is meant everywhere. */
export interface TestKafka {
  config: KafkaConfig;
  /** A topic of its own for every call, if none is named. */
  createTopic(options?: {
    topic?: string;
    partitions?: number;
    config?: Record<string, string>;
  }): Promise<string>;
  deleteTopic(topic: string): Promise<void>;
  /** Sends the records as one batch. */
  produce(topic: string, records: BatchRecord[], compression?: kafkajs.CompressionTypes): Promise<void>;
  /** Sends the records in a transaction and leaves it open. */
  begin(topic: string, records: BatchRecord[]): Promise<{ end(outcome: 'commit' | 'abort'): Promise<void> }>;
  deleteBefore(topic: string, offset: number): Promise<void>;
  /** What the tools for consumer groups show: the committed offsets in the order of partitions, -1 where there is none. */
  groupOffsets(group: string, topic: string): Promise<number[]>;
  close(): Promise<void>;
}

export async function openTestKafka(url: string): Promise<TestKafka> {
  const config = { brokers: parseBrokers(url), clientId: 'weir-test' };
  const kafka = new kafkajs.Kafka({ ...config, logLevel: kafkajs.logLevel.NOTHING });
  const options = { createPartitioner: kafkajs.Partitioners.DefaultPartitioner, maxInFlightRequests: 1 };
  const admin = kafka.admin();
  const producer = kafka.producer(options);
  const topics = createTopicAdmin(config);
  const transactional: kafkajs.Producer[] = [];
  await Promise.all([admin.connect(), producer.connect()]);

  return {
    config,
    async createTopic({ topic = `test-${randomUUID()}`, partitions = 1, config: entries = {} } = {}) {
      // Brokers soon delete records whose own times are older than retention.
      const configEntries = Object.entries({ 'retention.ms': '-1', ...entries }).map(([name, value]) => ({
        name,
        value,
      }));
      // kafkajs's own waiting for leaders gives up when the broker has not heard of the topic yet.
      await admin.createTopics({
        waitForLeaders: false,
        topics: [{ topic, numPartitions: partitions, configEntries }],
      });
      await eventually(
        `${topic} to be known`,
        async () => (await topics.describe(topic))?.partitions.length === partitions,
      );
      return topic;
    },
    deleteTopic: (topic) => admin.deleteTopics({ topics: [topic] }),
    async produce(topic, records, compression = kafkajs.CompressionTypes.None) {
      await producer.send({ topic, messages: records.map(toMessage), compression });
    },
    async begin(topic, records) {
      const own = kafka.producer({ ...options, idempotent: true, transactionalId: randomUUID() });
      transactional.push(own);
      await own.connect();
      const transaction = await own.transaction();
      const [sent] = await transaction.send({ topic, messages: records.map(toMessage) });
      return {
        async end(outcome) {
          await transaction[outcome]();
          // The broker answers before it has written the marker; the end moves when it is there.
          const written = async () =>
            (await topics.describe(topic))!.partitions[0]!.endOffset > Number(sent!.baseOffset);
          await eventually('the marker of the transaction', written);
        },
      };
    },
    async deleteBefore(topic, offset) {
      // kafkajs looks for the leader before it asks for it.
      await admin.fetchTopicOffsets(topic);
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] });
    },
    async groupOffsets(groupId, topic) {
      const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
      const partitions = [...(found?.partitions ?? [])].sort((a, b) => a.partition - b.partition);
      return partitions.map(({ offset }) => Number(offset));
    },
    async close() {
      await Promise.all([admin, producer, ...transactional].map((client) => client.disconnect()));
      await topics.close();
    },
  };
}

function toMessage({ key = null, value = null, timestampMs, headers = [] }: BatchRecord): kafkajs.Message {
  return {
    key,
    value,
    partition: 0,
    headers: Object.fromEntries(headers),
    ...(timestampMs === undefined ? {} : { timestamp: String(timestampMs) }),
  };
}
