import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseBrokers, type KafkaConfig } from '../../../src/io/kafka/config.js';
import { ensureTopic } from '../../../src/io/kafka/createTopic.js';
import { deleteTopic } from '../../../src/io/kafka/internalTopic.js';
import { createPublisher, type Publisher } from '../../../src/io/kafka/publisher.js';
import { createTopicAdmin, type TopicAdmin } from '../../../src/io/kafka/topics.js';
import { sharedStack } from '../../support/stack.js';
import { uniqueName } from '../../support/weir.js';

const kafka: KafkaConfig = { brokers: parseBrokers(sharedStack().kafkaUrl), clientId: 'test' };
let publisher: Publisher;
let topics: TopicAdmin;
beforeAll(() => {
  publisher = createPublisher(kafka);
  topics = createTopicAdmin(kafka);
});
afterAll(() => Promise.all([publisher.close(), topics.close()]));

async function published(topic: string): Promise<number> {
  await ensureTopic(kafka, { topic, partitions: 1, internal: true });
  await publisher.publish(topic, [{ partition: 0, value: Buffer.from('published') }]);
  return (await topics.describe(topic))!.partitions[0]!.endOffset;
}

it('a topic that is deleted, as those of older epochs are, is no obstacle to writing to others', async () => {
  const [older, other, newer] = [0, 1, 2].map((epoch) => `${uniqueName('published')}.${epoch}`);
  expect(await published(older!)).toBe(1);
  expect(await published(other!)).toBe(1);
  await deleteTopic(kafka, older!);
  expect(await published(newer!)).toBe(1);
  expect(await published(other!)).toBe(2);
  await expect(published(older!)).resolves.toBe(1);
});
