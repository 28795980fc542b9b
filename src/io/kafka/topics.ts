import { type OffsetRange, type StampedOffset, createBrokers, describeFailure } from './brokers.js';
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
  /**
   * The first record that is stamped at or after the time given for its partition, in epoch ms; partitions that have none, or that do not
   * exist, are left out. Fails as {@link describe} does.
   */
  offsetsAt(topic: string, wanted: { partition: number; timestampMs: number }[]): Promise<StampedOffset[]>;
  /** Drops the connections. Never rejects. */
  close(): Promise<void>;
}

export function createTopicAdmin(config: KafkaConfig): TopicAdmin {
  const brokers = createBrokers(config);
  let closed = false;

  /** Partitions by the address of their leader; null when there is no such topic. */
  async function byLeaders(topic: string): Promise<Map<string, number[]> | null> {
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
    return byLeader;
  }

  async function describe(topic: string): Promise<TopicDescription | null> {
    const byLeader = await byLeaders(topic);
    if (byLeader === null) return null;
    const ranges = await Promise.all(
      [...byLeader].map(([leader, led]) => brokers.offsetRanges(leader, { topic, partitions: led })),
    );
    return { partitions: ranges.flat().sort((a, b) => a.partition - b.partition) };
  }

  async function offsetsAt(
    topic: string,
    wanted: { partition: number; timestampMs: number }[],
  ): Promise<StampedOffset[]> {
    const byLeader = (await byLeaders(topic)) ?? new Map<string, number[]>();
    const found = await Promise.all(
      [...byLeader].map(([leader, led]) => {
        const partitions = wanted.filter(({ partition }) => led.includes(partition));
        return partitions.length === 0
          ? Promise.resolve([])
          : brokers.offsetsAt(leader, { topic, partitions });
      }),
    );
    return found.flat();
  }

  async function asked<T>(topic: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      brokers.forget();
      const failure = describeFailure(error, 'a broker');
      failure.message = `topic ${topic} cannot be described now: ${failure.message}`;
      throw failure;
    }
  }

  return {
    describe: (topic) => asked(topic, () => describe(topic)),
    offsetsAt: (topic, wanted) => asked(topic, () => offsetsAt(topic, wanted)),
    close() {
      closed = true;
      brokers.close();
      return Promise.resolve();
    },
  };
}
