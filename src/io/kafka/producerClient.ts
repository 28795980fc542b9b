import { setTimeout as sleep } from 'node:timers/promises';
import {
  Kafka,
  logLevel,
  type Message,
  type Producer,
  type ProducerConfig,
  type RecordMetadata,
  type RetryOptions,
} from 'kafkajs';
import type { KafkaConfig } from './config.js';
import { refusalOf } from './refusals.js';

/** About a minute of trying again: a broker may be restarted while somebody writes. */
export const WRITE_RETRY: RetryOptions = {
  initialRetryTime: 100,
  multiplier: 2,
  maxRetryTime: 5_000,
  retries: 16,
};

/** About 3 seconds: at the start a person wants to hear soon that nothing answers at that address. */
const CONNECT_RETRY: RetryOptions = {
  initialRetryTime: 100,
  multiplier: 2,
  maxRetryTime: 1_000,
  retries: 5,
};

/** So that a retry learns of partitions that are new, within the time that it has. */
const METADATA_MS = 15_000;
const AWAY_LIMIT_MS = 60_000;
const SEND_AGAIN_MS = 500;

/**
 * A kafkajs client for writing and for making topics. It logs nothing: kafkajs logs at ERROR what it then retries with success (right
 * after a topic is made, for one), and what it gives up on is thrown.
 */
export function producerClient({ brokers, clientId, ssl, sasl }: KafkaConfig): Kafka {
  return new Kafka({
    brokers,
    clientId,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
    retry: CONNECT_RETRY,
    logLevel: logLevel.NOTHING,
    logCreator: () => () => undefined,
  });
}

/** A broker that has a batch already, because only its answer got lost, writes it no second time. */
export const IDEMPOTENT: ProducerConfig = {
  idempotent: true,
  maxInFlightRequests: 1,
  metadataMaxAge: METADATA_MS,
  retry: WRITE_RETRY,
};

/**
 * A producer, connected, that makes no topics.
 *
 * @throws Error that names the address where no broker answers
 */
export async function connectedProducer(config: KafkaConfig, options: ProducerConfig): Promise<Producer> {
  const producer = producerClient(config).producer({ allowAutoTopicCreation: false, ...options });
  try {
    await connected(config, () => producer.connect());
  } catch (error) {
    await producer.disconnect().catch(() => undefined); // it may have a connection, which would keep the process
    throw error;
  }
  return producer;
}

/**
 * Sends messages to partitions of a topic, and expects an answer: to a partition that its metadata does not have kafkajs sends nothing, and
 * says nothing.
 */
export async function sendTo(
  producer: Producer,
  topic: string,
  messages: Message[],
): Promise<RecordMetadata[]> {
  const answers = await producer.send({ topic, acks: -1, messages });
  if (answers.length > 0) return answers;
  // The next try may know more.
  throw Object.assign(new Error(`topic ${topic}: no broker is known to lead a partition`), {
    retriable: true,
  });
}

/**
 * Sends the messages of each partition by themselves; resolves when all are acknowledged, and rejects when no send is under way any more.
 * Of a send to several partitions kafkajs takes a broker's answer for that of all partitions that it leads, when it tries again also of
 * those that have another leader since: they would be lost, and nobody told.
 */
export async function sendByPartition<M extends { partition: number }>(
  messages: readonly M[],
  send: (messages: M[]) => Promise<unknown>,
): Promise<void> {
  const partitions = new Map<number, M[]>();
  for (const message of messages) {
    const those = partitions.get(message.partition);
    if (those === undefined) partitions.set(message.partition, [message]);
    else those.push(message);
  }
  const sent = await Promise.allSettled([...partitions.values()].map(send));
  const failed = sent.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Runs `connect`; a broker that does not answer, or does not let us in, becomes one sentence with its address. */
export async function connected({ brokers }: KafkaConfig, connect: () => Promise<void>): Promise<void> {
  try {
    await connect();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const refusal = refusalOf(error);
    const what = refusal === null ? ` does not answer (${reason})` : `: ${refusal}`;
    throw new Error(`Kafka at ${brokers.join(',')}${what}`, { cause: error });
  }
}

/**
 * Sends again while brokers are away, for about a minute: kafkajs gives up within seconds when it finds no broker to ask for metadata.
 * The producer numbers the records as before, so that a broker which has them writes them no second time.
 */
export async function whileAway<T>(send: () => Promise<T>): Promise<T> {
  const limit = Date.now() + AWAY_LIMIT_MS;
  for (;;) {
    try {
      return await send();
    } catch (error) {
      if (!isPassing(error) || Date.now() > limit) throw error;
      await sleep(SEND_AGAIN_MS);
    }
  }
}

/** What kafkajs gives up on after retries is called not retriable; what it had retried is its cause. */
function isPassing(error: unknown): boolean {
  const { name, retriable, cause } = error as { name?: string; retriable?: boolean; cause?: unknown };
  // Sends to one broker wait for each other: one that hangs, or is slow, is away.
  if (name === 'KafkaJSLockTimeout') return true;
  return retriable === true || (typeof cause === 'object' && cause !== null && isPassing(cause));
}
