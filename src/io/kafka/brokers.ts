import {
  type BrokerConnection,
  type ExchangeFor,
  openBrokerConnection,
  patienceMs,
} from './brokerConnection.js';
import type { KafkaConfig } from './config.js';
import {
  type Exchange,
  decodeFindCoordinator,
  decodeListOffsets,
  encodeFindCoordinator,
  encodeListOffsets,
  errorFromCode,
} from './kafkajs.js';
import { KafkaRefused, KafkaUnavailable } from './logReader.js';
import { refusalOf } from './refusals.js';
import { type TopicMetadata, metadataApi, metadataExchange } from './metadata.js';

export interface OffsetRange {
  partition: number;
  /** Oldest offset that retention has left. */
  startOffset: number;
  /** The end for read_committed: the last stable offset. */
  endOffset: number;
}

/** The first record of a partition that is stamped at or after some time: its offset, and its time stamp in epoch ms. */
export interface StampedOffset {
  partition: number;
  offset: number;
  timestampMs: number;
}

/** The brokers of a cluster as one user of them knows them, each with at most one connection, kept until `forget`. */
export interface Brokers {
  /** A topic's id and its partitions; null when there is no such topic. It is never created by asking. */
  findTopic(topic: string): Promise<TopicMetadata | null>;
  /** The address of the broker that keeps the offsets of a consumer group. */
  findCoordinator(group: string): Promise<string>;
  connection(address: string): BrokerConnection;
  /** Asks one leader for both ends of its partitions. */
  offsetRanges(address: string, wanted: { topic: string; partitions: number[] }): Promise<OffsetRange[]>;
  /** The first record stamped at or after the time of each partition, in epoch ms; partitions that have none are left out. */
  offsetsAt(
    address: string,
    wanted: { topic: string; partitions: { partition: number; timestampMs: number }[] },
  ): Promise<StampedOffset[]>;
  /** Closes all connections: after an error, nothing that was known may be relied on. */
  forget(): void;
  /** Closes all connections for good. */
  close(): void;
}

export function createBrokers(config: KafkaConfig): Brokers {
  const connections = new Map<string, BrokerConnection>();
  let closed = false;

  function connection(address: string): BrokerConnection {
    // A question that was under way when they were closed would leave a connection that nobody closes.
    if (closed) throw new KafkaUnavailable('the connections are closed');
    let known = connections.get(address);
    if (known === undefined) {
      known = openBrokerConnection(config, address);
      connections.set(address, known);
    }
    return known;
  }

  async function askAnyBroker<T>(exchange: Exchange<T> | ExchangeFor<T>): Promise<T> {
    const failures: string[] = [];
    for (const address of config.brokers) {
      try {
        return await connection(address).request(exchange, patienceMs);
      } catch (error) {
        connections.get(address)?.close();
        connections.delete(address);
        const described = describeFailure(error, `broker ${address}`);
        if (described instanceof KafkaRefused) throw described;
        failures.push(described.message);
      }
    }
    throw new KafkaUnavailable(failures.join('; '));
  }

  async function listOffsets(
    address: string,
    wanted: { topic: string; partitions: { partition: number; timestamp: number }[] },
  ): Promise<StampedOffset[]> {
    const { topic, partitions } = wanted;
    const answer = await connection(address).request(
      {
        request: encodeListOffsets({
          replicaId: -1,
          isolationLevel: 1,
          topics: [{ topic, partitions }],
        }),
        response: { decode: decodeListOffsets, parse: (decoded) => decoded },
      },
      patienceMs,
    );
    const results = answer.responses.flatMap((response) => response.partitions);
    for (const { errorCode } of results) if (errorCode !== 0) throw errorFromCode(errorCode);
    return results.map(({ partition, offset, timestamp }) => ({
      partition,
      offset: Number(offset),
      timestampMs: Number(timestamp),
    }));
  }

  return {
    connection,
    async findTopic(topic) {
      const found = await askAnyBroker((newest) => metadataExchange(topic, newest(metadataApi)));
      if (found === null || found.errorCode === unknownTopic) return null;
      if (found.errorCode !== 0) throw errorFromCode(found.errorCode);
      return found;
    },
    async findCoordinator(group) {
      const { errorCode, coordinator } = await askAnyBroker({
        request: encodeFindCoordinator({ coordinatorKey: group, coordinatorType: 0 }),
        response: { decode: decodeFindCoordinator, parse: (decoded) => decoded },
      });
      if (errorCode !== 0) throw errorFromCode(errorCode);
      return `${coordinator.host}:${coordinator.port}`;
    },
    async offsetRanges(address, { topic, partitions }) {
      const at = async (timestamp: number): Promise<Map<number, number>> => {
        const wanted = partitions.map((partition) => ({ partition, timestamp }));
        const found = await listOffsets(address, { topic, partitions: wanted });
        return new Map(found.map(({ partition, offset }) => [partition, offset]));
      };
      const [starts, ends] = await Promise.all([at(earliest), at(latest)]);
      return partitions.map((partition) => {
        const startOffset = starts.get(partition);
        const endOffset = ends.get(partition);
        if (startOffset === undefined || endOffset === undefined) {
          throw new KafkaUnavailable(`broker ${address} gave no offsets of ${topic}/${partition}`);
        }
        return { partition, startOffset, endOffset };
      });
    },
    async offsetsAt(address, { topic, partitions }) {
      // Negative times have meanings of their own.
      const wanted = partitions.map(({ partition, timestampMs }) => ({
        partition,
        timestamp: Math.max(0, timestampMs),
      }));
      const found = await listOffsets(address, { topic, partitions: wanted });
      return found.filter(({ offset }) => offset >= 0);
    },
    close() {
      closed = true;
      this.forget();
    },
    forget() {
      for (const known of connections.values()) known.close();
      connections.clear();
    },
  };
}

const unknownTopic = 3;
/** Timestamps with a meaning of their own in ListOffsets. */
const [earliest, latest] = [-2, -1];

/**
 * Says who failed and why, and sorts it: KafkaRefused for what repetition does not cure, else KafkaUnavailable.
 * Errors that say so already pass as they are.
 * @param who the subject of the sentence, such as `broker one:9092`
 */
export function describeFailure(error: unknown, who: string): Error {
  if (error instanceof KafkaUnavailable || error instanceof KafkaRefused) return error;
  const { name, type, message, retriable } = error as Partial<ReturnType<typeof errorFromCode>>;
  const plain = `${type === undefined ? '' : `${type}: `}${message ?? String(error)}`;
  const reason = `${who}: ${refusalOf(error) ?? plain}`;
  const surprise = type === undefined || surprises.includes(type);
  const refused = name === 'KafkaJSSASLAuthenticationError' || (!surprise && !retriable);
  return new (refused ? KafkaRefused : KafkaUnavailable)(reason, { cause: error });
}

/** An unexpected error on the broker's side, and codes newer than kafkajs: as a rule over when asked again. */
const surprises = ['UNKNOWN', 'KAFKAJS_UNKNOWN_ERROR_CODE'];
