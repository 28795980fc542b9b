import { afterAll, beforeAll, describe } from 'vitest';
import { createKafkaReader } from '../../../src/io/kafka/kafkaReader.js';
import { openTestKafka, type TestKafka } from '../../support/kafkaCluster.js';
import { sharedStack } from '../../support/stack.js';
import { logReaderContract } from './logReader.contract.js';

describe('a real broker', () => {
  let kafka: TestKafka;
  beforeAll(async () => {
    kafka = await openTestKafka(sharedStack().kafkaUrl);
  });
  afterAll(() => kafka.close());

  logReaderContract(async () => {
    const topic = await kafka.createTopic();
    const reader = createKafkaReader({ ...kafka.config, topic, partition: 0 });
    return {
      reader,
      topic,
      append: (...records) => kafka.produce(topic, records),
      begin: (...records) => kafka.begin(topic, records),
      deleteBefore: (offset) => kafka.deleteBefore(topic, offset),
      nowMs: () => Date.now(),
      pass: async () => undefined,
      close: () => reader.close(),
    };
  });
});
