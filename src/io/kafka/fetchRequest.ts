import { type FetchResponse, decodeFetchById, decodeFetchByName } from './fetchResponse.js';
import { type Exchange, createEncoder, encodeFetch } from './kafkajs.js';
import type { FetchRequest, LogName } from './logReader.js';

/** The API's number, and the oldest version that is asked for (Kafka 2.3). */
export const fetchApi = { key: 1, version: 11 };
/** The first version that names the topic by its id (Kafka 3.1). */
const BY_ID = 13;

/**
 * A fetch of one partition: of the topic with this id and no other where the broker can do that, else of whatever has the name.
 * @param newest the newest version that the broker knows
 */
export function fetchExchange(
  log: LogName & { topicId: string | null },
  request: FetchRequest,
  newest: number,
): Exchange<FetchResponse> {
  const { topic, partition, topicId } = log;
  const { offset, maxWaitMs, maxBytes } = request;
  const parse = (decoded: FetchResponse): FetchResponse => decoded;
  if (topicId !== null && newest >= BY_ID) {
    return {
      request: encodeFetchById({ topicId, partition }, request),
      response: { decode: decodeFetchById, parse },
    };
  }
  return {
    request: encodeFetch({
      replicaId: -1,
      isolationLevel: 1,
      maxWaitTime: maxWaitMs,
      minBytes: 1,
      maxBytes,
      topics: [{ topic, partitions: [{ partition, fetchOffset: offset, maxBytes }] }],
    }),
    response: { decode: decodeFetchByName, parse },
  };
}

/**
 * Fetch v13, which is "flexible": tags of the header, replica, longest wait, least and most bytes, isolation, session, its epoch, topics (id,
 * partitions, tags), topics to forget, rack, tags. Partitions: number, leader epoch, offset, last fetched epoch, log start, most bytes, tags.
 */
function encodeFetchById(
  { topicId, partition }: { topicId: string; partition: number },
  { offset, maxWaitMs, maxBytes }: FetchRequest,
): unknown {
  const wanted = () =>
    createEncoder()
      .writeInt32(partition)
      .writeInt32(-1)
      .writeInt64(offset)
      .writeInt32(-1)
      .writeInt64(-1)
      .writeInt32(maxBytes)
      .writeUVarInt(0);
  return {
    apiKey: fetchApi.key,
    apiVersion: BY_ID,
    apiName: 'Fetch',
    encode: () =>
      Promise.resolve(
        createEncoder()
          .writeUVarInt(0)
          .writeInt32(-1)
          .writeInt32(maxWaitMs)
          .writeInt32(1)
          .writeInt32(maxBytes)
          .writeInt8(1)
          .writeInt32(0)
          .writeInt32(-1)
          .writeUVarIntArray([
            createEncoder()
              .writeBuffer(Buffer.from(topicId, 'base64url'))
              .writeUVarIntArray([wanted()])
              .writeUVarInt(0),
          ])
          .writeUVarIntArray([])
          .writeUVarIntString('')
          .writeUVarInt(0),
      ),
  };
}
