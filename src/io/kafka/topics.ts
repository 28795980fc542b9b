import { type OffsetRange, type StampedOffset, createBrokers, describeFailure } from './brokers.js';
import type { KafkaConfig } from './config.js';
import { KafkaUnavailable } from './logReader.js';

export interface TopicDescription {
  /** As Kafka's tools write it: of a topic that is made again by the same name it is another one. null where brokers give none (before Kafka 2.8). */
  id: string | null;
  /** In order, each with what may be read of it. */
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

  /** The topic's id, and its partitions by the address of their leader; null when there is no such topic. */
  async function byLeaders(
    topic: string,
  ): Promise<{ id: string | null; byLeader: Map<string, number[]> } | null> {
    if (closed) throw new KafkaUnavailable('the admin is closed');
    const found = await brokers.findTopic(topic);
    if (found === null) return null;
    const byLeader = new Map<string, number[]>();
    for (const { partition, leader } of found.partitions) {
      if (leader === null) throw new KafkaUnavailable(`partition ${partition} has no leader`);
      const led = byLeader.get(leader);
      if (led === undefined) byLeader.set(leader, [partition]);
      else led.push(partition);
    }
    return { id: found.id, byLeader };
  }

  async function describe(topic: string): Promise<TopicDescription | null> {
    const found = await byLeaders(topic);
    if (found === null) return null;
    const ranges = await Promise.all(
      [...found.byLeader].map(([leader, led]) => brokers.offsetRanges(leader, { topic, partitions: led })),
    );
    return { id: found.id, partitions: ranges.flat().sort((a, b) => a.partition - b.partition) };
  }

  async function offsetsAt(
    topic: string,
    wanted: { partition: number; timestampMs: number }[],
  ): Promise<StampedOffset[]> {
    const known = await byLeaders(topic);
    const found = await Promise.all(
      [...(known?.byLeader ?? [])].map(async ([leader, led]) => {
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
