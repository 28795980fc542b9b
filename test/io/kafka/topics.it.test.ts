import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KafkaUnavailable } from '../../../src/io/kafka/logReader.js';
import { createTopicAdmin, type TopicAdmin } from '../../../src/io/kafka/topics.js';
import { openTestKafka, type TestKafka } from '../../support/kafkaCluster.js';
import { sharedStack } from '../../support/stack.js';

describe('describing a topic', () => {
  let kafka: TestKafka;
  let admin: TopicAdmin;
  beforeAll(async () => {
    kafka = await openTestKafka(sharedStack().kafkaUrl);
    admin = createTopicAdmin(kafka.config);
  });
  afterAll(async () => {
    await admin.close();
    await kafka.close();
  });

  test('all partitions in order, each with its oldest offset and its end', async () => {
    const topic = await kafka.createTopic({ partitions: 12 });
    await kafka.produce(topic, [{ value: 'a' }, { value: 'b' }, { value: 'c' }]);
    await kafka.deleteBefore(topic, 1);
    const { partitions } = (await admin.describe(topic))!;
    expect(partitions[0]).toEqual({ partition: 0, startOffset: 1, endOffset: 3 });
    expect(partitions.slice(1)).toEqual(
      Array.from({ length: 11 }, (_, index) => ({ partition: index + 1, startOffset: 0, endOffset: 0 })),
    );
  });

  test('the end is that of read_committed: an open transaction holds it back', async () => {
    const topic = await kafka.createTopic();
    await kafka.produce(topic, [{ value: 'a' }]);
    const transaction = await kafka.begin(topic, [{ value: 'b' }]);
    expect((await admin.describe(topic))!.partitions[0]!.endOffset).toBe(1);
    await transaction.end('abort');
    expect((await admin.describe(topic))!.partitions[0]!.endOffset).toBe(3);
  });

  test('no such topic is null, and is not created by asking', async () => {
    expect(await admin.describe('test-never-made')).toBeNull();
    expect(await admin.describe('test-never-made')).toBeNull();
  });

  test('questions at the same time get their own answers', async () => {
    const topics = await Promise.all([1, 2, 3].map((partitions) => kafka.createTopic({ partitions })));
    const described = await Promise.all(topics.map((topic) => admin.describe(topic)));
    expect(described.map((topic) => topic!.partitions.length)).toEqual([1, 2, 3]);
  });

  test('nobody answers: KafkaUnavailable; so it is after closing', async () => {
    const nobody = createTopicAdmin({ brokers: ['127.0.0.1:1'], clientId: 'test' });
    await expect(nobody.describe('t')).rejects.toThrow(KafkaUnavailable);
    await nobody.close();
    await expect(nobody.describe('t')).rejects.toThrow(
      'topic t cannot be described now: the admin is closed',
    );
  });
});
