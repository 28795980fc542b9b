import { setTimeout as sleep } from 'node:timers/promises';
import type { Producer } from 'kafkajs';
import type { KafkaConfig } from './config.js';
import { KafkaUnavailable } from './logReader.js';
import { connected, producerClient, WRITE_RETRY } from './producerClient.js';
import { refusalOf } from './refusals.js';

interface PublishedMessage {
  partition: number;
  value: Buffer;
}

/** Writes to internal topics, for all sources of a worker process over one connection a broker. */
export interface Publisher {
  /**
   * Resolves when all in-sync replicas have all messages, in the order given within each partition. A failure is thrown, and some of the
   * messages may be there then: readers drop what they have.
   */
  publish(topic: string, messages: readonly PublishedMessage[]): Promise<void>;
  close(): Promise<void>;
}

/** A produce request is at most about this large: a broker takes 1 MiB in one batch of a partition. */
const MOST_BYTES = 900_000;

export function createPublisher(config: KafkaConfig): Publisher {
  let producer: Promise<Producer> | null = null;
  let closed = false;

  function connect(): Promise<Producer> {
    producer ??= (async () => {
      const made = producerClient(config).producer({
        allowAutoTopicCreation: false,
        retry: { ...WRITE_RETRY, retries: 5 },
      });
      await connected(config, () => made.connect());
      return made;
    })();
    const mine = producer;
    mine.catch(() => {
      if (producer === mine) producer = null;
    });
    return mine;
  }

  return {
    async publish(topic, messages) {
      if (closed) throw new KafkaUnavailable('the publisher is closed');
      const mine = connect();
      try {
        const open = await mine;
        for (const some of inSends(messages)) await open.send({ topic, acks: -1, messages: some });
      } catch (error) {
        // Not one that was made since: others write over that.
        if (producer === mine) {
          producer = null;
          void mine.then((each) => each.disconnect()).catch(() => undefined);
        }
        throw new KafkaUnavailable(
          `topic ${topic} cannot be written: ${refusalOf(error) ?? (error as Error).message}`,
          {
            cause: error,
          },
        );
      }
    },
    async close() {
      closed = true;
      const open = await producer?.catch(() => null);
      await Promise.race([open?.disconnect(), sleep(1000)]);
    },
  };
}

function* inSends(messages: readonly PublishedMessage[]): Generator<PublishedMessage[]> {
  let some: PublishedMessage[] = [];
  let bytes = 0;
  for (const message of messages) {
    if (some.length > 0 && bytes + message.value.length > MOST_BYTES) {
      yield some;
      some = [];
      bytes = 0;
    }
    some.push(message);
    bytes += message.value.length;
  }
  if (some.length > 0) yield some;
}
