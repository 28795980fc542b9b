import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createKafkaReader } from '../../../src/io/kafka/kafkaReader.js';
import {
  KafkaRefused,
  KafkaUnavailable,
  type LogReader,
  OffsetOutOfRange,
  OtherTopic,
  UnreadableLog,
} from '../../../src/io/kafka/logReader.js';
import { encodeBatch } from '../../support/kafkaBatch.js';
import { type FakeBroker, startFakeBroker } from '../../support/kafkaFake.js';
import { take } from '../../support/kafkaRead.js';

const code = {
  corrupt: 2,
  unknownTopic: 3,
  notLeader: 6,
  authorization: 29,
  storage: 56,
  fenced: 74,
  unknownEpoch: 75,
  unknownTopicId: 100,
  inconsistentTopicId: 103,
};
const log = { topic: 'events', partition: 0 };
const oneRecord = { lastStableOffset: 1, batches: encodeBatch({ baseOffset: 0, records: [{ value: 'v' }] }) };

describe('a reader whose cluster has faults', () => {
  let one: FakeBroker;
  let two: FakeBroker;
  let leader: number;
  let reader: LogReader;

  const metadata = () => ({
    topic: 'events',
    brokers: [
      { nodeId: 1, address: one.address },
      { nodeId: 2, address: two.address },
    ],
    leaders: [leader],
  });
  const fetch = () => reader.fetch({ offset: 0, maxWaitMs: 100, maxBytes: 1_000 });
  const values = async () => take((await fetch()).records).map(({ value }) => value);

  beforeEach(async () => {
    leader = 1;
    one = await startFakeBroker({ metadata, fetch: () => oneRecord });
    two = await startFakeBroker({ metadata, fetch: () => oneRecord });
    reader = createKafkaReader({ ...log, brokers: [one.address, two.address], clientId: 'test' });
  });
  afterEach(async () => {
    vi.useRealTimers();
    await reader.close();
    await Promise.all([one.close(), two.close()]);
  });

  test.each([
    ['NOT_LEADER_FOR_PARTITION', code.notLeader],
    ['UNKNOWN_TOPIC_OR_PARTITION', code.unknownTopic],
    ['KAFKA_STORAGE_ERROR', code.storage],
    ['FENCED_LEADER_EPOCH', code.fenced],
    ['UNKNOWN_LEADER_EPOCH', code.unknownEpoch],
    ['CORRUPT_MESSAGE', code.corrupt],
  ])('%s: KafkaUnavailable, and the next fetch asks the new leader', async (name, errorCode) => {
    one.behaviour.fetch = () => ({ errorCode });
    const error: unknown = await fetch().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(KafkaUnavailable);
    expect((error as Error).message).toContain(
      `events/0 cannot be read now: broker ${one.address}: ${name}: `,
    );
    leader = 2;
    expect(await values()).toEqual(['v']);
    expect([one.fetches, two.fetches]).toEqual([1, 1]);
  });

  describe('of a topic with an id', () => {
    const [mine, other] = ['AAAAAAAAAAAAAAAAAAAAAQ', 'AAAAAAAAAAAAAAAAAAAAAg'];
    let id: string;
    beforeEach(() => {
      id = mine;
      one.behaviour.metadata = two.behaviour.metadata = () => ({ ...metadata(), topicId: id });
      reader = createKafkaReader({ ...log, topicId: mine, brokers: [one.address], clientId: 'test' });
    });

    test('fetches by id where the broker can, Kafka 3.1, else by name', async () => {
      expect(await values()).toEqual(['v']);
      expect(one.lastFetch).toEqual({ version: 13, topicId: mine });
      two.behaviour.newestFetchVersion = 12;
      leader = 2;
      one.behaviour.fetch = () => ({ errorCode: code.notLeader });
      await expect(fetch()).rejects.toThrow(KafkaUnavailable);
      expect(await values()).toEqual(['v']);
      expect(two.lastFetch).toEqual({ version: 11 });
    });

    test.each([code.unknownTopicId, code.inconsistentTopicId])(
      'error %i, and the topic has another id: OtherTopic with both ids, as often as it is asked',
      async (errorCode) => {
        expect(await values()).toEqual(['v']);
        one.behaviour.fetch = () => ({ errorCode });
        await expect(fetch()).rejects.toThrow('the broker knows no topic of this id');
        id = other;
        one.behaviour.fetch = () => oneRecord;
        for (let times = 0; times < 2; times++) {
          const error: unknown = await fetch().catch((error: unknown) => error);
          expect(error).toBeInstanceOf(OtherTopic);
          expect((error as Error).message).toMatch(new RegExp(`topic events .* ${other} now, .* ${mine}\\.`));
        }
        expect(one.fetches).toBe(2);
      },
    );

    test('error 100, and the id is the same: it goes on', async () => {
      one.behaviour.fetch = () => ({ errorCode: code.unknownTopicId });
      await expect(fetch()).rejects.toThrow(KafkaUnavailable);
      one.behaviour.fetch = () => oneRecord;
      expect(await values()).toEqual(['v']);
    });

    test('brokers before Kafka 2.8 give no id: it is read by name, unchecked', async () => {
      one.behaviour.newestMetadataVersion = 9;
      id = other;
      expect(await values()).toEqual(['v']);
      expect(one.lastFetch).toEqual({ version: 11 });
    });
  });

  test('a cut connection: KafkaUnavailable, and the next fetch connects again', async () => {
    expect(await values()).toEqual(['v']);
    one.behaviour.fetch = () => 'cut';
    await expect(fetch()).rejects.toThrow(KafkaUnavailable);
    one.behaviour.fetch = () => oneRecord;
    expect(await values()).toEqual(['v']);
  });

  test('no answer: KafkaUnavailable when the wait and ten more seconds are over', async () => {
    one.behaviour.fetch = () => 'silence';
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const fetching = fetch();
    const outcome = vi.fn();
    void fetching.then(outcome, outcome);
    await one.untilFetches(1);
    await vi.advanceTimersByTimeAsync(10_099);
    expect(outcome).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await expect(fetching).rejects.toThrow(`broker ${one.address}: no answer within 10100 ms`);
    vi.useRealTimers();
    one.behaviour.fetch = () => oneRecord;
    expect(await values()).toEqual(['v']);
  });

  test('a first broker that is down: the next one of the list is asked', async () => {
    leader = 2;
    await one.close();
    expect(await values()).toEqual(['v']);
    one = await startFakeBroker({ metadata, fetch: () => oneRecord });
  });

  test('all brokers down: KafkaUnavailable names each and why', async () => {
    reader = createKafkaReader({ ...log, brokers: ['127.0.0.1:1', '127.0.0.1:2'], clientId: 'test' });
    const error: unknown = await fetch().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(KafkaUnavailable);
    expect((error as Error).message).toMatch(
      /127\.0\.0\.1:1: .*ECONNREFUSED.*127\.0\.0\.1:2: .*ECONNREFUSED/,
    );
  });

  test('a partition without a leader, or none of that number: KafkaUnavailable', async () => {
    leader = -1;
    await expect(fetch()).rejects.toThrow('events/0 cannot be read now: the partition has no leader');
    reader = createKafkaReader({ ...log, partition: 1, brokers: [one.address], clientId: 'test' });
    await expect(fetch()).rejects.toThrow('events/1 cannot be read now: there is no such partition');
  });

  test('an answer with a throttle time and nothing else: asks again after the pause', async () => {
    const answers = [{ throttleMs: 30, nothing: true }, oneRecord];
    one.behaviour.fetch = () => answers.shift()!;
    const before = Date.now();
    const fetched = await fetch();
    expect(take(fetched.records).map(({ value }) => value)).toEqual(['v']);
    expect(fetched.requestedAtMs).toBeGreaterThanOrEqual(before + 30);
    expect(one.fetches).toBe(2);
  });

  test.each([
    ['by the partition', { errorCode: code.authorization }],
    ['by the whole answer', { sessionErrorCode: code.authorization }],
  ])('what repetition does not cure is KafkaRefused: said %s', async (_, answer) => {
    one.behaviour.fetch = () => answer;
    const error: unknown = await fetch().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(KafkaRefused);
    expect((error as Error).message).toContain('TOPIC_AUTHORIZATION_FAILED');
  });

  test('a broker that does not know Fetch v11 is refused', async () => {
    one.behaviour.newestFetchVersion = 10;
    await expect(fetch()).rejects.toThrow(KafkaRefused);
    one.behaviour.newestFetchVersion = 11;
    expect(await values()).toEqual(['v']);
  });

  test('OFFSET_OUT_OF_RANGE tells both ends as they are now, and keeps the connection', async () => {
    one.behaviour.fetch = () => ({ errorCode: 1 });
    one.behaviour.offset = (timestamp) => ({ offset: timestamp === -2 ? 5 : 9 });
    const error: unknown = await fetch().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(OffsetOutOfRange);
    expect(error).toMatchObject({ wantedOffset: 0, startOffset: 5, endOffset: 9 });
  });

  test('what was committed between the noted end and the read moves the end', async () => {
    one.behaviour.fetch = () => ({ ...oneRecord, lastStableOffset: 0 });
    expect((await fetch()).endOffset).toBe(1);
  });

  test('an old message format is UnreadableLog, naming the offset', async () => {
    const batches = encodeBatch({ baseOffset: 7, records: [{ value: 'v' }], format: 1 });
    one.behaviour.fetch = () => ({ ...oneRecord, batches });
    const error: unknown = await fetch().catch((error: unknown) => error);
    expect(error).toBeInstanceOf(UnreadableLog);
    expect((error as Error).message).toMatch('events/0 cannot be read at offset 7: message format v1');
  });

  test('a codec that does not exist is UnreadableLog', async () => {
    const codec = { number: 5, compress: (data: Buffer) => data };
    one.behaviour.fetch = () => ({
      ...oneRecord,
      batches: encodeBatch({ baseOffset: 0, records: [{ value: 'v' }], codec }),
    });
    await expect(fetch()).rejects.toThrow(
      'events/0 cannot be read at offset 0: compression codec 5 does not load',
    );
  });
});
