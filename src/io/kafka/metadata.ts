/** Metadata: a topic's id, and the brokers that lead its partitions. */
import {
  type Decoder,
  type Exchange,
  type MetadataResponse,
  createDecoder,
  createEncoder,
  decodeMetadata,
  encodeMetadata,
} from './kafkajs.js';

/** A partition and the address of the broker that leads it; null while there is none. */
interface PartitionLeader {
  partition: number;
  leader: string | null;
}

/** What a broker knows about the one topic that it was asked for. */
export interface TopicMetadata {
  errorCode: number;
  /** As Kafka's tools write it; null where the broker gives none (before Kafka 2.8). */
  id: string | null;
  /** In order. */
  partitions: PartitionLeader[];
}

export const metadataApi = 3;
/** The first version that gives ids; kafkajs ends at 6. */
const WITH_IDS = 10;

/**
 * Asks for one topic, which is never created by asking; the answer is null where the broker says nothing about it.
 * @param newest the newest version that the broker knows
 */
export function metadataExchange(topic: string, newest: number): Exchange<TopicMetadata | null> {
  const decode = newest >= WITH_IDS ? decodeWithIds : decodeMetadata;
  return {
    request:
      newest >= WITH_IDS
        ? encodeWithIds(topic)
        : encodeMetadata({ topics: [topic], allowAutoTopicCreation: false }),
    response: {
      decode: async (raw) => topicOf(topic, await decode(raw)),
      parse: (found) => found,
    },
  };
}

function topicOf(topic: string, { brokers, topicMetadata }: MetadataResponse): TopicMetadata | null {
  const found = topicMetadata.find((metadata) => metadata.topic === topic);
  if (found === undefined) return null;
  const addresses = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, `${host}:${port}`]));
  const partitions = found.partitionMetadata
    .map(({ partitionId, leader }) => ({ partition: partitionId, leader: addresses.get(leader) ?? null }))
    .sort((a, b) => a.partition - b.partition);
  return { errorCode: found.topicErrorCode, id: found.topicId ?? null, partitions };
}

/**
 * Metadata v10, which is "flexible" (compact arrays and texts, tagged fields): tags of the header, topics (id, which stays zero, name,
 * tags), whether to create topics, whether to tell what one may do with the cluster, with topics, tags.
 */
function encodeWithIds(topic: string): unknown {
  return {
    apiKey: metadataApi,
    apiVersion: WITH_IDS,
    apiName: 'Metadata',
    encode: () =>
      Promise.resolve(
        createEncoder()
          .writeUVarInt(0)
          .writeUVarIntArray([createEncoder().writeBuffer(NO_ID).writeUVarIntString(topic).writeUVarInt(0)])
          .writeBoolean(false)
          .writeBoolean(false)
          .writeBoolean(false)
          .writeUVarInt(0),
      ),
  };
}

/**
 * Tags of the header, throttle time, brokers (node, host, port, rack, tags), cluster, controller, topics (error, name, id, whether internal,
 * partitions, what one may do, tags). Partitions: error, number, leader, its epoch, replicas, those in sync, those offline, tags.
 */
function decodeWithIds(raw: Buffer): MetadataResponse {
  const decoder = createDecoder(raw);
  passTags(decoder);
  decoder.readInt32();
  const brokers = decoder.readUVarIntArray(tagged(readBroker)) ?? [];
  decoder.readUVarIntString();
  decoder.readInt32();
  return { brokers, topicMetadata: decoder.readUVarIntArray(tagged(readTopic)) ?? [] };
}

function readBroker(decoder: Decoder): MetadataResponse['brokers'][number] {
  const nodeId = decoder.readInt32();
  const host = decoder.readUVarIntString() ?? '';
  const port = decoder.readInt32();
  decoder.readUVarIntString();
  return { nodeId, host, port };
}

function readTopic(decoder: Decoder): MetadataResponse['topicMetadata'][number] {
  const topicErrorCode = decoder.readInt16();
  const topic = decoder.readUVarIntString() ?? '';
  const topicId = topicIdFrom(decoder.readBytes(NO_ID.length));
  decoder.readBoolean();
  const partitionMetadata = decoder.readUVarIntArray(tagged(readPartition)) ?? [];
  decoder.readInt32();
  return { topicErrorCode, topic, topicId, partitionMetadata };
}

function readPartition(decoder: Decoder): { partitionId: number; leader: number } {
  decoder.readInt16();
  const partitionId = decoder.readInt32();
  const leader = decoder.readInt32();
  decoder.readInt32();
  for (let lists = 0; lists < 3; lists++) decoder.readUVarIntArray((each) => each.readInt32());
  return { partitionId, leader };
}

function tagged<T>(read: (decoder: Decoder) => T): (decoder: Decoder) => T {
  return (decoder) => {
    const value = read(decoder);
    passTags(decoder);
    return value;
  };
}

/** kafkajs's own `readTaggedFields` takes their lengths for one larger than they are. */
function passTags(decoder: Decoder): void {
  for (let left = decoder.readUVarInt(); left > 0; left--) {
    decoder.readUVarInt();
    decoder.readBytes(decoder.readUVarInt());
  }
}

const NO_ID = Buffer.alloc(16);

/** The id as Kafka's tools write it; null for none. */
function topicIdFrom(bytes: Buffer): string | null {
  return bytes.equals(NO_ID) ? null : bytes.toString('base64url');
}
