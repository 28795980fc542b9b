import type { Message } from 'kafkajs';
import type { KafkaConfig } from './config.js';
import { connectedProducer, whileAway } from './producerClient.js';

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
   * Resolves when all are acknowledged; one call at a time. A failure is retried for about a minute, then thrown. A retry doubles no
   * records, except where a broker of several stayed away so long that all of a send is given to all of them again.
   */
  write(records: readonly OutgoingRecord[]): Promise<void>;
  close(): Promise<void>;
}

const MOST_RECORDS = 4_000;
/** A send to one partition is one record batch, and a broker takes 1 MiB of that by default. */
const MOST_BYTES = 900_000;
const RECORD_OVERHEAD_BYTES = 32;

/**
 * Opens a writer to an existing topic (see ensureTopic).
 *
 * @throws Error that names the address where no broker answers
 */
export async function openWriter(config: KafkaConfig, topic: string): Promise<KafkaWriter> {
  const producer = await connectedProducer(config);
  return {
    async write(records) {
      for (const messages of inSends(records)) {
        await whileAway(() => producer.send({ topic, acks: -1, messages }));
      }
    },
    close: () => producer.disconnect(),
  };
}

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
