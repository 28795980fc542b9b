import { randomUUID } from 'node:crypto';
import kafkajs from 'kafkajs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGroupOffsets, type GroupOffsets } from '../../../src/io/kafka/groupOffsets.js';
import { KafkaUnavailable } from '../../../src/io/kafka/logReader.js';
import { openTestKafka, type TestKafka } from '../../support/kafkaCluster.js';
import { sharedStack } from '../../support/stack.js';
import { eventually } from '../../support/weir.js';

describe('offsets of a consumer group', () => {
  let kafka: TestKafka;
  let offsets: GroupOffsets;
  beforeAll(async () => {
    kafka = await openTestKafka(sharedStack().kafkaUrl);
    offsets = createGroupOffsets(kafka.config);
  });
  afterAll(async () => {
    await offsets.close();
    await kafka.close();
  });

  /** A new group's coordinator may still be loading. */
  const committed = (group: string, what: Parameters<GroupOffsets['commit']>[1]) =>
    eventually('the commit', async () => {
      await offsets.commit(group, what);
      return true;
    });

  test('are shown by the tools for groups, also backwards, each partition by itself', async () => {
    const topic = await kafka.createTopic({ partitions: 3 });
    const group = `weir.${randomUUID()}`;
    await committed(group, [
      { topic, partition: 0, offset: 7 },
      { topic, partition: 2, offset: 2 ** 40 },
    ]);
    expect(await kafka.groupOffsets(group, topic)).toEqual([7, -1, 2 ** 40]);
    await offsets.commit(group, [{ topic, partition: 0, offset: 3 }]);
    expect(await kafka.groupOffsets(group, topic)).toEqual([3, -1, 2 ** 40]);
  });

  test('a topic that is gone is an error that says so, and holds back no other topic', async () => {
    const topic = await kafka.createTopic();
    const group = `weir.${randomUUID()}`;
    await committed(group, [{ topic, partition: 0, offset: 1 }]);
    const both = [
      { topic: 'test-never-made', partition: 0, offset: 1 },
      { topic, partition: 0, offset: 2 },
    ];
    await expect(offsets.commit(group, both)).rejects.toThrow(
      new RegExp(`offsets of group ${group} cannot be committed now: .*UNKNOWN_TOPIC_OR_PARTITION`),
    );
    expect(await kafka.groupOffsets(group, topic)).toEqual([2]);
  });

  test('a group that has members is left alone', async () => {
    const topic = await kafka.createTopic();
    const group = `weir.${randomUUID()}`;
    const consumer = new kafkajs.Kafka({ brokers: kafka.config.brokers, logLevel: 0 }).consumer({
      groupId: group,
    });
    const joined = new Promise((resolve) => consumer.on('consumer.group_join', resolve));
    await consumer.subscribe({ topic });
    await consumer.run({ eachMessage: () => Promise.resolve() });
    await joined;
    await expect(offsets.commit(group, [{ topic, partition: 0, offset: 1 }])).rejects.toThrow(
      'UNKNOWN_MEMBER_ID',
    );
    await consumer.disconnect();
  });

  test('nobody answers: KafkaUnavailable; so it is after closing', async () => {
    const nobody = createGroupOffsets({ brokers: ['127.0.0.1:1'], clientId: 'test' });
    const some = [{ topic: 't', partition: 0, offset: 1 }];
    await expect(nobody.commit('g', some)).rejects.toThrow(KafkaUnavailable);
    await nobody.close();
    await expect(nobody.commit('g', some)).rejects.toThrow('it is closed');
  });
});
