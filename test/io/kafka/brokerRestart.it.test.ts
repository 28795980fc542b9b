import { afterAll, beforeAll, expect, test } from 'vitest';
import { createKafkaReader } from '../../../src/io/kafka/kafkaReader.js';
import { KafkaUnavailable } from '../../../src/io/kafka/logReader.js';
import { createTopicAdmin } from '../../../src/io/kafka/topics.js';
import { openTestKafka } from '../../support/kafkaCluster.js';
import { readTo } from '../../support/kafkaRead.js';
import { environment, sharedStack, startTestStack, type TestStack } from '../../support/stack.js';

let stack: TestStack;
beforeAll(async () => {
  // Only Kafka is killed here; the other servers are those of all tests.
  const { temporalAddress, postgresUrl } = sharedStack();
  stack = await startTestStack(`test-broker-restart-${process.pid}`, {
    env: { ...environment(), TEMPORAL_ADDRESS: temporalAddress, POSTGRES_URL: postgresUrl },
  });
});
afterAll(() => stack.remove());

test('a broker that is killed: KafkaUnavailable while it is away; then the same reader goes on', async () => {
  const kafka = await openTestKafka(stack.kafka.address);
  const topic = await kafka.createTopic();
  await kafka.produce(topic, [{ value: 'a' }, { value: 'b' }]);
  await kafka.close();
  const admin = createTopicAdmin(kafka.config);
  const { id: topicId } = (await admin.describe(topic))!;
  // Which stays what it was: a broker's restart is no reason to take the topic for another one.
  const reader = createKafkaReader({ ...kafka.config, topic, partition: 0, topicId });
  await readTo(reader, { from: 0, to: 2 });
  await admin.describe(topic);

  const waiting = reader
    .fetch({ offset: 2, maxWaitMs: 30_000, maxBytes: 1_000 })
    .catch((error: unknown) => error);
  await stack.kafka.kill();
  expect(await waiting).toBeInstanceOf(KafkaUnavailable);
  await expect(readTo(reader, { from: 0, to: 2 })).rejects.toThrow(KafkaUnavailable);
  await expect(admin.describe(topic)).rejects.toThrow(KafkaUnavailable);

  await stack.kafka.restart();
  // The broker may answer before it leads its partitions again.
  await expect
    .poll(() => readTo(reader, { from: 0, to: 2 }).catch(() => undefined), { timeout: 30_000 })
    .toBeDefined();
  const { records } = await readTo(reader, { from: 0, to: 2 });
  expect(records.map(({ value }) => value)).toEqual(['a', 'b']);
  expect(await admin.describe(topic)).toEqual({
    id: topicId,
    partitions: [{ partition: 0, startOffset: 0, endOffset: 2 }],
  });
  await reader.close();
  await admin.close();
});
