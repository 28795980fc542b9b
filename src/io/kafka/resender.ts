import kafkajs from 'kafkajs';
import type { KafkaConfig } from './config.js';
import { connectedProducer, IDEMPOTENT, sendTo, whileAway } from './producerClient.js';
import type { OutgoingRecord } from './writer.js';

/** The broker took none of the records, and said why: they were certainly not written. */
export class ResendRefused extends Error {
  override readonly name = 'ResendRefused';
}

/** Sends records so that a retry of its own never doubles them. */
export interface Resender {
  /**
   * Appends records to one partition, all or none of them: one batch, which a broker takes up to 1 MiB of by default. Returns the offset
   * of the first, the others are behind it. Retries for about a minute.
   *
   * @throws ResendRefused where none of them was written; after any other error nobody knows, and the resender must not be used again
   */
  send(topic: string, partition: number, records: readonly OutgoingRecord[]): Promise<number>;
  close(): Promise<void>;
}

/**
 * A broker says so of what it looks at before it writes anything. The right to write could only be lost between two attempts of a send.
 */
const REFUSALS = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_TIMESTAMP',
  'TOPIC_AUTHORIZATION_FAILED',
]);

/** @throws Error that names the address where no broker answers */
export async function openResender(config: KafkaConfig): Promise<Resender> {
  const producer = await connectedProducer(config, IDEMPOTENT);
  return {
    async send(topic, partition, records) {
      const messages = records.map(({ key, value, timestampMs }) => ({
        key,
        value,
        partition,
        ...(timestampMs === undefined ? {} : { timestamp: String(timestampMs) }),
      }));
      try {
        const [sent] = await whileAway(() => sendTo(producer, topic, messages));
        return Number(sent!.baseOffset);
      } catch (error) {
        if (error instanceof kafkajs.KafkaJSProtocolError && REFUSALS.has(error.type))
          throw new ResendRefused(error.message, { cause: error });
        throw error;
      }
    },
    close: () => producer.disconnect(),
  };
}
