import { patienceMs } from './brokerConnection.js';
import { createBrokers, describeFailure } from './brokers.js';
import type { KafkaConfig } from './config.js';
import { decodeOffsetCommit, encodeOffsetCommit, errorFromCode } from './kafkajs.js';
import { KafkaUnavailable } from './logReader.js';

export interface GroupOffset {
  topic: string;
  partition: number;
  /** The one to be read next. */
  offset: number;
}

/**
 * Writes offsets of a consumer group without being a member of it: what reads partitions without a group, and wants the tools for groups to
 * show how far it is. kafkajs can do so only by joining the group.
 */
export interface GroupOffsets {
  /**
   * @throws {KafkaUnavailable} worth another try after a moment
   * @throws {KafkaRefused} no right to the group or to a topic; or somebody else is a member of the group
   */
  commit(group: string, offsets: readonly GroupOffset[]): Promise<void>;
  /** Drops the connections. Never rejects. */
  close(): Promise<void>;
}

export function createGroupOffsets(config: KafkaConfig): GroupOffsets {
  const brokers = createBrokers(config);
  const coordinators = new Map<string, string>();
  let closed = false;

  async function commit(group: string, offsets: readonly GroupOffset[]): Promise<void> {
    if (closed) throw new KafkaUnavailable('it is closed');
    let coordinator = coordinators.get(group);
    if (coordinator === undefined) {
      coordinator = await brokers.findCoordinator(group);
      coordinators.set(group, coordinator);
    }
    const { responses } = await brokers.connection(coordinator).request(
      {
        request: encodeOffsetCommit({ groupId: group, ...NO_MEMBER, topics: byTopic(offsets) }),
        response: { decode: decodeOffsetCommit, parse: (decoded) => decoded },
      },
      patienceMs,
    );
    const failed = responses.flatMap(({ partitions }) => partitions).find(({ errorCode }) => errorCode !== 0);
    if (failed !== undefined) throw errorFromCode(failed.errorCode);
  }

  return {
    async commit(group, offsets) {
      try {
        await commit(group, offsets);
      } catch (error) {
        // The coordinator may have moved.
        coordinators.clear();
        brokers.forget();
        const failure = describeFailure(error, 'a broker');
        failure.message = `offsets of group ${group} cannot be committed now: ${failure.message}`;
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

/** How the protocol says that a commit comes from no member. */
const NO_MEMBER = { groupGenerationId: -1, memberId: '' };

function byTopic(
  offsets: readonly GroupOffset[],
): { topic: string; partitions: { partition: number; offset: string }[] }[] {
  const topics = new Map<string, { partition: number; offset: string }[]>();
  for (const { topic, partition, offset } of offsets) {
    const partitions = topics.get(topic) ?? [];
    partitions.push({ partition, offset: String(offset) });
    topics.set(topic, partitions);
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}
