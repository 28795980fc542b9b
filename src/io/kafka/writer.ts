import { Partitioners, type ICustomPartitioner, type Message } from 'kafkajs';
import type { KafkaConfig } from './config.js';
import { partitionsOf } from './createTopic.js';
import { connectedProducer, IDEMPOTENT, sendByPartition, sendTo, whileAway } from './producerClient.js';

/** One record to write. Texts become UTF-8. */
export interface OutgoingRecord {
  /** Chooses the partition by Kafka's usual hash (murmur2, as the Java client); null: any. */
  key: Buffer | string | null;
  /** null is a tombstone. */
  value: Buffer | string | null;
  /**
   * The record's own time, in epoch milliseconds; left out, it is the time of sending. A broker deletes records that are stamped
   * older than the topic's retention within minutes: event times belong into the event, or the topic needs `retention.ms=-1`.
   */
  timestampMs?: number;
  /** A given partition instead of the key's. */
  partition?: number;
}

/** Appends records to one topic, in the order given within each partition, acknowledged by all in-sync replicas. */
export interface KafkaWriter {
  /**
   * Resolves when all are acknowledged; one call at a time. A failure is retried for about a minute, which doubles no records, then
   * thrown: nobody knows then what was written, and the writer must not be used again.
   */
  write(records: readonly OutgoingRecord[]): Promise<void>;
  close(): Promise<void>;
}

const MOST_RECORDS = 4_000;
/** A send to one partition is one record batch, and a broker takes 1 MiB of that by default. */
const MOST_BYTES = 900_000;
const RECORD_OVERHEAD_BYTES = 32;

/** kafkajs numbers the records of a partition wrongly beyond 2^31. */
const MOST_BY_PRODUCER = 1_000_000_000;

/**
 * Opens a writer to an existing topic (see ensureTopic). Keys choose among the partitions that it has now.
 *
 * @throws Error that names the address where no broker answers, or the topic where it is not there
 */
export async function openWriter(config: KafkaConfig, topic: string): Promise<KafkaWriter> {
  let producer = await connectedProducer(config, IDEMPOTENT);
  const partitions = await partitionsOf(config, topic).catch(async (error: unknown) => {
    await producer.disconnect();
    throw error;
  });
  const partitionFor = partitioner(topic, partitions);
  let written = 0;
  return {
    async write(records) {
      if (written > MOST_BY_PRODUCER) {
        await producer.disconnect();
        producer = await connectedProducer(config, IDEMPOTENT);
        written = 0;
      }
      written += records.length;
      for (const messages of inSends(records)) {
        const placed = messages.map((message) => ({ ...message, partition: partitionFor(message) }));
        await sendByPartition(placed, (those) => whileAway(() => sendTo(producer, topic, those)));
      }
    },
    close: () => producer.disconnect(),
  };
}

/** The partition of a message, chosen once, whatever is tried again: its own, its key's as the Java client chooses it, or any. */
function partitioner(topic: string, partitions: number): (message: Message) => number {
  const choose = Partitioners.DefaultPartitioner();
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId): PartitionMetadata => ({
    partitionErrorCode: 0,
    partitionId,
    leader: 0,
    replicas: [],
    isr: [],
  }));
  return (message) => choose({ topic, partitionMetadata, message });
}

type PartitionMetadata = Parameters<ReturnType<ICustomPartitioner>>[0]['partitionMetadata'][number];

function* inSends(records: readonly OutgoingRecord[]): Generator<Message[]> {
  let messages: Message[] = [];
  let bytes = 0;
  for (const record of records) {
    const size = byteLength(record.key) + byteLength(record.value) + RECORD_OVERHEAD_BYTES;
    if (messages.length > 0 && (messages.length === MOST_RECORDS || bytes + size > MOST_BYTES)) {
      yield messages;
      messages = [];
      bytes = 0;
    }
    messages.push(toMessage(record));
    bytes += size;
  }
  if (messages.length > 0) yield messages;
}

function byteLength(data: Buffer | string | null): number {
  return data === null ? 0 : Buffer.byteLength(data);
}

function toMessage({ key, value, timestampMs, partition }: OutgoingRecord): Message {
  return {
    key,
    value,
    ...(timestampMs === undefined ? {} : { timestamp: String(timestampMs) }),
    ...(partition === undefined ? {} : { partition }),
  };
}
