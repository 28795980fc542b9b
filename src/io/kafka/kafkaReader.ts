import { setTimeout as sleep } from 'node:timers/promises';
import type { BrokerConnection } from './brokerConnection.js';
import { patienceMs } from './brokerConnection.js';
import { createBrokers, describeFailure } from './brokers.js';
import { type Decompress, loadCodec } from './codecs.js';
import type { KafkaConfig } from './config.js';
import { fetchApi, fetchExchange } from './fetchRequest.js';
import type { FetchedPartition } from './fetchResponse.js';
import { errorFromCode } from './kafkajs.js';
import {
  type FetchRequest,
  type Fetched,
  KafkaUnavailable,
  type LogName,
  type LogReader,
  OffsetOutOfRange,
  OtherTopic,
  UnreadableLog,
  expectTopic,
} from './logReader.js';
import { surveyBatches } from './recordBatch.js';
import { createRecordCursor } from './recordCursor.js';

/**
 * Reads one partition from its leader, over connections of its own: a broker answers the requests of a connection
 * one after the other, so on a shared one a partition with data would wait behind another one's empty long poll.
 * Connects when the first fetch needs it. After a failure the next fetch finds the leader anew.
 * With a `topicId` it reads the topic with that id, or none: records are asked for by id, so that nothing comes of a topic which
 * somebody makes anew by the same name (by name from brokers before Kafka 3.1: then it is noticed when the leader is looked for).
 */
export function createKafkaReader(config: KafkaConfig & LogName & { topicId?: string | null }): LogReader {
  const { topic, partition, topicId: expected = null } = config;
  const log: LogName = { topic, partition };
  const brokers = createBrokers(config);
  const decompressors = new Map<number, Decompress>();
  let leader: BrokerConnection | undefined;
  /** As the leader was found with it. */
  let topicId: string | null = null;
  let throttledUntilMs = 0;
  let closed = false;

  async function findLeader(): Promise<BrokerConnection> {
    const description = await brokers.findTopic(topic);
    if (description === null) throw new KafkaUnavailable(`there is no topic ${topic}`);
    expectTopic(topic, { expected, found: description.id });
    topicId = description.id;
    const found = description.partitions.find((candidate) => candidate.partition === partition);
    if (found === undefined) throw new KafkaUnavailable('there is no such partition');
    if (found.leader === null) throw new KafkaUnavailable('the partition has no leader');
    return brokers.connection(found.leader);
  }

  /** Asks until the broker has answered with more than "too fast". */
  async function ask(from: BrokerConnection, request: FetchRequest) {
    for (;;) {
      // The broker would only answer later: waiting here keeps the pause out of the request's deadline.
      const pauseMs = throttledUntilMs - Date.now();
      if (pauseMs > 0) await sleep(pauseMs);
      const requestedAtMs = Date.now();
      const answer = await from.request(
        (newest) => fetchExchange({ ...log, topicId }, request, newest(fetchApi.key)),
        request.maxWaitMs + patienceMs,
      );
      throttledUntilMs = Date.now() + answer.throttleMs;
      if (answer.partition !== null) return { requestedAtMs, answer: answer.partition };
    }
  }

  async function loadCodecs(numbers: Iterable<number>, offset: number): Promise<void> {
    for (const number of numbers) {
      if (decompressors.has(number)) continue;
      try {
        decompressors.set(number, await loadCodec(number));
      } catch (cause) {
        const reason = `compression codec ${number} does not load: ${String(cause)}`;
        throw new UnreadableLog(log, { offset, reason, cause });
      }
    }
  }

  async function read(
    answer: FetchedPartition,
    wantedOffset: number,
  ): Promise<Omit<Fetched, 'requestedAtMs'>> {
    const survey = surveyBatches(answer.batches, { ...log, wantedOffset });
    await loadCodecs(survey.codecs, wantedOffset);
    return {
      records: createRecordCursor({
        log,
        batches: answer.batches.subarray(0, survey.wholeBytes),
        wantedOffset,
        abortedTransactions: answer.abortedTransactions,
        decompressors,
      }),
      startOffset: answer.startOffset,
      // The broker notes the end before it reads: what was committed in between lies beyond it.
      endOffset: Math.max(answer.lastStableOffset, survey.offsetAfter ?? 0),
    };
  }

  async function outOfRange(from: BrokerConnection, wantedOffset: number): Promise<OffsetOutOfRange> {
    const [range] = await brokers.offsetRanges(from.address, { topic, partitions: [partition] });
    return new OffsetOutOfRange(log, {
      wantedOffset,
      startOffset: range!.startOffset,
      endOffset: range!.endOffset,
    });
  }

  /** Nothing that was known may be relied on: the leader may have moved, the connection may be half dead. */
  function fail(error: unknown): Error {
    const who = leader === undefined ? 'the cluster' : `broker ${leader.address}`;
    leader = undefined;
    brokers.forget();
    const failure = describeFailure(error, who);
    failure.message = `${topic}/${partition} cannot be read now: ${failure.message}`;
    return failure;
  }

  return {
    async fetch(request) {
      try {
        if (closed) throw new KafkaUnavailable('the reader is closed');
        leader ??= await findLeader();
        const { requestedAtMs, answer } = await ask(leader, request);
        if (answer.errorCode === offsetOutOfRange) throw await outOfRange(leader, request.offset);
        if (unknownIds.includes(answer.errorCode)) throw new KafkaUnavailable(UNKNOWN_ID);
        if (answer.errorCode !== 0) throw errorFromCode(answer.errorCode);
        return { ...(await read(answer, request.offset)), requestedAtMs };
      } catch (error) {
        if (FINAL.some((kind) => error instanceof kind)) throw error;
        throw fail(error);
      }
    },
    close() {
      closed = true;
      brokers.close();
      return Promise.resolve();
    },
  };
}

const offsetOutOfRange = 1;
/** UNKNOWN_TOPIC_ID and INCONSISTENT_TOPIC_ID, which kafkajs does not know. */
const unknownIds = [100, 103];
const UNKNOWN_ID =
  'the broker knows no topic of this id: it was deleted, or the broker has not heard of it yet';
/** Errors that say all there is to say. */
const FINAL = [OffsetOutOfRange, OtherTopic, UnreadableLog];
