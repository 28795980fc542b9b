import { setTimeout as sleep } from 'node:timers/promises';
import type { Producer } from 'kafkajs';
import { LRUCache } from 'lru-cache';
import type { KafkaConfig } from './config.js';
import { KafkaUnavailable } from './logReader.js';
import { connectedProducer, sendByPartition, sendTo, WRITE_RETRY } from './producerClient.js';
import { refusalOf } from './refusals.js';

interface PublishedMessage {
  partition: number;
  value: Buffer;
}

/** Writes to internal topics, for all sources of a worker process: over one connection a topic and broker. */
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
const MOST_TOPICS = 1000;
const IDLE_MS = 600_000;
const RETRY = { ...WRITE_RETRY, retries: 5 };

/** A producer of one topic. */
interface Line {
  producer: Promise<Producer>;
  sends: number;
  /** Nobody takes it any more: who sends last closes it. One that is closed under a send opens a connection again, which nobody closes. */
  isLeft: boolean;
}

export function createPublisher(config: KafkaConfig): Publisher {
  // kafkajs asks for all topics of a producer at once, and fails for all when one was deleted, as those of older epochs are.
  const lines = new LRUCache<string, Line>({
    max: MOST_TOPICS,
    ttl: IDLE_MS,
    updateAgeOnGet: true,
    perf: Date,
    dispose: leave,
  });
  let closed = false;

  function lineTo(topic: string): Line {
    lines.purgeStale();
    const line = lines.get(topic) ?? {
      producer: connectedProducer(config, { retry: RETRY }),
      sends: 0,
      isLeft: false,
    };
    lines.set(topic, line);
    return line;
  }

  function leave(line: Line): void {
    line.isLeft = true;
    if (line.sends === 0) void disconnect(line);
  }

  return {
    async publish(topic, messages) {
      if (closed) throw new KafkaUnavailable('the publisher is closed');
      const line = lineTo(topic);
      line.sends++;
      try {
        const open = await line.producer;
        for (const some of inSends(messages))
          await sendByPartition(some, (those) => sendTo(open, topic, those));
      } catch (error) {
        // Not one that was made since: others write over that.
        if (lines.peek(topic) === line) lines.delete(topic);
        throw new KafkaUnavailable(
          `topic ${topic} cannot be written: ${refusalOf(error) ?? (error as Error).message}`,
          {
            cause: error,
          },
        );
      } finally {
        if (--line.sends === 0 && line.isLeft) void disconnect(line);
      }
    },
    async close() {
      closed = true;
      const open = [...lines.values()];
      // A send that is still under way may open its connection again: it closes it, too.
      for (const line of open) line.isLeft = true;
      await Promise.race([Promise.all(open.map(disconnect)), sleep(1000)]);
    },
  };
}

async function disconnect({ producer }: Line): Promise<void> {
  await producer.then((each) => each.disconnect()).catch(() => undefined);
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
