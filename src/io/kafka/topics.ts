import { type OffsetRange, createBrokers, describeFailure } from './brokers.js';
import type { KafkaConfig } from './config.js';
import { KafkaUnavailable } from './logReader.js';

/** A topic's partitions in order, each with what may be read of it. */
interface TopicDescription {
  partitions: OffsetRange[];
}

/** Asks about topics; keeps its connections between questions. */
export interface TopicAdmin {
  /**
   * null when there is no such topic (it is never created by asking).
   * @throws {KafkaUnavailable} a partition without a leader, brokers away: worth another try after a moment
   * @throws {KafkaRefused} the cluster says no, for a reason that a repetition does not cure
   */
  describe(topic: string): Promise<TopicDescription | null>;
  /** Drops the connections. Never rejects. */
  close(): Promise<void>;
}

export function createTopicAdmin(config: KafkaConfig): TopicAdmin {
  const brokers = createBrokers(config);
  let closed = false;

  async function describe(topic: string): Promise<TopicDescription | null> {
    if (closed) throw new KafkaUnavailable('the admin is closed');
    const partitions = await brokers.findTopic(topic);
    if (partitions === null) return null;
    const byLeader = new Map<string, number[]>();
    for (const { partition, leader } of partitions) {
      if (leader === null) throw new KafkaUnavailable(`partition ${partition} has no leader`);
      const led = byLeader.get(leader);
      if (led === undefined) byLeader.set(leader, [partition]);
      else led.push(partition);
    }
    const ranges = await Promise.all(
      [...byLeader].map(([leader, led]) => brokers.offsetRanges(leader, { topic, partitions: led })),
    );
    return { partitions: ranges.flat().sort((a, b) => a.partition - b.partition) };
  }

  return {
    async describe(topic) {
      try {
        return await describe(topic);
      } catch (error) {
        brokers.forget();
        const failure = describeFailure(error, 'a broker');
        failure.message = `topic ${topic} cannot be described now: ${failure.message}`;
        throw failure;
      }
    },
    close() {
      closed = true;
      brokers.close();
      return Promise.resolve();
    },
  };
}
