import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createKafkaReader } from '../../../src/io/kafka/kafkaReader.js';
import { KafkaUnavailable, type LogReader, OtherTopic } from '../../../src/io/kafka/logReader.js';
import { createTopicAdmin } from '../../../src/io/kafka/topics.js';
import { openTestKafka, type TestKafka } from '../../support/kafkaCluster.js';
import { compressors, registerProducerCodecs } from '../../support/kafkaCodecs.js';
import { readTo } from '../../support/kafkaRead.js';
import { sharedStack } from '../../support/stack.js';

/** What a real broker does beyond the contract that `logReader.it.test.ts` runs against it. */
describe('reading from a real broker', () => {
  let kafka: TestKafka;
  const readers: LogReader[] = [];
  beforeAll(async () => {
    await registerProducerCodecs();
    kafka = await openTestKafka(sharedStack().kafkaUrl);
  });
  afterEach(async () => {
    await Promise.all(readers.splice(0).map((reader) => reader.close()));
  });
  afterAll(() => kafka.close());

  function open(topic: string, partition = 0): LogReader {
    const reader = createKafkaReader({ ...kafka.config, topic, partition });
    readers.push(reader);
    return reader;
  }

  test.each(Object.entries(compressors))(
    'a batch compressed with %s, from any offset within',
    async (_, codec) => {
      const topic = await kafka.createTopic();
      const sent = Array.from({ length: 400 }, (_, index) => ({
        key: `k${index}`,
        value: JSON.stringify({ index, text: 'x'.repeat(index) }),
        timestampMs: 1_700_000_000_000 + index,
      }));
      await kafka.produce(topic, sent, codec.type);
      for (const from of [0, 1, 200, 399]) {
        const { records, nextOffset } = await readTo(open(topic), { from, to: 400 });
        expect(records).toEqual(sent.map((record, offset) => ({ offset, ...record })).slice(from));
        expect(nextOffset).toBe(400);
      }
    },
  );

  test('a topic that stamps by LogAppendTime shows the time of the broker', async () => {
    const topic = await kafka.createTopic({ config: { 'message.timestamp.type': 'LogAppendTime' } });
    const before = Date.now();
    await kafka.produce(topic, [{ value: 'v', timestampMs: 1_000 }]);
    const { records } = await readTo(open(topic), { from: 0, to: 1 });
    expect(records[0]!.timestampMs).toBeGreaterThanOrEqual(before);
    expect(records[0]!.timestampMs).toBeLessThanOrEqual(Date.now());
  });

  test('no such topic, no such partition: KafkaUnavailable, and nothing is created', async () => {
    const request = { offset: 0, maxWaitMs: 10, maxBytes: 1_000 };
    const missing = open('test-no-such-topic');
    await expect(missing.fetch(request)).rejects.toThrow(KafkaUnavailable);
    await expect(missing.fetch(request)).rejects.toThrow('there is no topic test-no-such-topic');
    const topic = await kafka.createTopic();
    await expect(open(topic, 1).fetch(request)).rejects.toThrow('there is no such partition');
  });

  test('a topic that is deleted under a reader: KafkaUnavailable', async () => {
    // A producer of its own: kafkajs's asks for the topics that it knows, and fails when one of them is gone.
    const other = await openTestKafka(sharedStack().kafkaUrl);
    const topic = await other.createTopic();
    const reader = open(topic);
    await other.produce(topic, [{ value: 'v' }]);
    await readTo(reader, { from: 0, to: 1 });
    await other.deleteTopic(topic);
    await expect(readTo(reader, { from: 1, to: 2 })).rejects.toThrow(KafkaUnavailable);
    await other.close();
  });

  test('a topic made again by the same name: nothing of it comes, on an open connection or a new one', async () => {
    const other = await openTestKafka(sharedStack().kafkaUrl);
    const topics = createTopicAdmin(kafka.config);
    const topic = await other.createTopic();
    const { id: topicId } = (await topics.describe(topic))!;
    expect(topicId).toMatch(/^[\w-]{22}$/);
    const openById = (id: string) => {
      const reader = createKafkaReader({ ...kafka.config, topic, partition: 0, topicId: id });
      readers.push(reader);
      return reader;
    };
    const reader = openById(topicId!);
    await other.produce(topic, [{ value: 'old' }]);
    expect((await readTo(reader, { from: 0, to: 1 })).records).toMatchObject([{ value: 'old' }]);
    await other.deleteTopic(topic);
    await other.createTopic({ topic });
    await other.produce(topic, [{ value: 'new' }, { value: 'new' }]);
    // The connection has not looked at the topic since: the broker refuses the old id.
    await expect(readTo(reader, { from: 1, to: 2 })).rejects.toThrow(KafkaUnavailable);
    const { id: newId } = (await topics.describe(topic))!;
    const message = `its id is ${newId} now, and the job has read the one with id ${topicId}`;
    for (const each of [reader, openById(topicId!)]) {
      await expect(readTo(each, { from: 1, to: 2 })).rejects.toThrow(OtherTopic);
      await expect(readTo(each, { from: 1, to: 2 })).rejects.toThrow(message);
    }
    const { records } = await readTo(openById(newId!), { from: 0, to: 2 });
    expect(records).toMatchObject([{ value: 'new' }, { value: 'new' }]);
    await topics.close();
    await other.close();
  });

  test('one reader waits while another one reads: they share no connection', async () => {
    const topic = await kafka.createTopic({ partitions: 2 });
    await kafka.produce(topic, [{ value: 'v' }]);
    const waiting = open(topic, 1);
    let answered = false;
    const end = () => {
      answered = true;
    };
    const poll = waiting.fetch({ offset: 0, maxWaitMs: 30_000, maxBytes: 1_000 }).then(end, end);
    expect((await readTo(open(topic), { from: 0, to: 1 })).records).toHaveLength(1);
    expect(answered).toBe(false);
    await waiting.close();
    await poll;
  });
});
