import { randomUUID } from 'node:crypto';
import kafkajs, { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { topicOutput } from '../../../src/cli/output.js';
import { UsageError } from '../../../src/cli/options.js';
import { ensureTopic } from '../../../src/io/kafka/createTopic.js';
import { createKafkaReader } from '../../../src/io/kafka/kafkaReader.js';
import { openWriter, type OutgoingRecord } from '../../../src/io/kafka/writer.js';
import { startForgetfulKafka } from '../../support/forgetfulKafka.js';
import { sharedStack } from '../../support/stack.js';

const kafka = { brokers: [sharedStack().kafkaUrl], clientId: 'weir-test' };
const admin = new Kafka({ ...kafka, logLevel: logLevel.NOTHING }).admin();
const newTopic = (): string => `writer-${randomUUID()}`;

beforeAll(() => admin.connect());
afterAll(() => admin.disconnect());

interface Stored {
  key: string | null;
  value: string | null;
  timestampMs: number;
}

/** All records of a partition. */
async function stored(topic: string, partition = 0): Promise<Stored[]> {
  const reader = createKafkaReader({ ...kafka, topic, partition });
  const found: Stored[] = [];
  try {
    for (let offset = 0; ;) {
      const { records, endOffset } = await reader.fetch({ offset, maxWaitMs: 100, maxBytes: 1_000_000 });
      while (records.next()) {
        const { timestampMs } = records;
        found.push({
          key: records.key()?.toString() ?? null,
          value: records.value()?.toString() ?? null,
          timestampMs,
        });
      }
      offset = records.nextOffset;
      if (offset >= endOffset) return found;
    }
  } finally {
    await reader.close();
  }
}

async function write(topic: string, records: OutgoingRecord[]): Promise<void> {
  const writer = await openWriter(kafka, topic);
  await writer.write(records);
  await writer.close();
}

async function retentionOf(topic: string): Promise<string | undefined> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames: ['retention.ms'] }],
  });
  return resources[0]!.configEntries[0]!.configValue;
}

describe('writer', () => {
  it('writes right after the topic was made: null, empty, text and bytes, in order', async () => {
    const topic = newTopic();
    await ensureTopic(kafka, { topic, partitions: 1 });
    await write(topic, [
      { key: null, value: null },
      { key: 'k', value: '' },
      { key: 'k', value: 'é' },
      { key: null, value: Buffer.from([0x61, 0x00, 0xff]) },
    ]);
    expect((await stored(topic)).map(({ key, value }) => [key, value])).toEqual([
      [null, null],
      ['k', ''],
      ['k', 'é'],
      [null, 'a\0\ufffd'],
    ]);
  });

  it('stamps records with now, or with a given time', async () => {
    const topic = newTopic();
    await ensureTopic(kafka, { topic, partitions: 1, retention: 'forever' });
    const before = Date.now();
    await write(topic, [
      { key: null, value: 'now' },
      { key: null, value: 'then', timestampMs: 1_431_857_103_000 },
    ]);
    const [now, then] = await stored(topic);
    expect(now!.timestampMs).toBeGreaterThanOrEqual(before);
    expect(now!.timestampMs).toBeLessThanOrEqual(Date.now());
    expect(then!.timestampMs).toBe(1_431_857_103_000);
  });

  it('takes far more at once than the broker takes in one batch, and keeps the order', async () => {
    const topic = newTopic();
    await ensureTopic(kafka, { topic, partitions: 1 });
    const values = Array.from({ length: 12_000 }, (_, n) => `${n} ${'x'.repeat(320)}`);
    await write(
      topic,
      values.map((value) => ({ key: 'k', value })),
    );
    expect((await stored(topic)).map(({ value }) => value)).toEqual(values);
  });

  it("chooses a key's partition as the Java client does, or takes the given one", async () => {
    const topic = newTopic();
    await ensureTopic(kafka, { topic, partitions: 4 });
    await write(topic, [
      { key: '21', value: 'of key 21' }, // murmur2("21") = -973932308, made positive: 1173551340, modulo 4: 0
      { key: 'foobar', value: 'of key foobar' }, // -790332482: 1357151166: 2
      { key: '21', value: 'given', partition: 3 },
    ]);
    const values = await Promise.all([0, 1, 2, 3].map(async (partition) => stored(topic, partition)));
    expect(values.map((records) => records.map(({ value }) => value))).toEqual([
      ['of key 21'],
      [],
      ['of key foobar'],
      ['given'],
    ]);
  });

  it('writes once what the broker has, though its answer got lost', async () => {
    const topic = newTopic();
    await ensureTopic(kafka, { topic, partitions: 2 });
    const forgetful = await startForgetfulKafka(sharedStack().kafkaUrl);
    try {
      const writer = await openWriter({ ...kafka, brokers: [forgetful.address] }, topic);
      for (const name of ['a', 'b']) {
        await writer.write([
          { key: null, value: `${name} for any partition` },
          { key: null, value: `${name} for partition 0`, partition: 0 },
          { key: null, value: `${name} for partition 1`, partition: 1 },
        ]);
      }
      await writer.close();
    } finally {
      forgetful.close();
    }
    expect(forgetful.hasForgotten()).toBe(true);
    const values = await Promise.all([0, 1].map(async (partition) => stored(topic, partition)));
    const written = values.flat().map(({ value }) => value);
    expect(written).toHaveLength(6);
    for (const name of ['a', 'b'])
      for (const where of ['any partition', 'partition 0', 'partition 1'])
        expect(written).toContain(`${name} for ${where}`);
  });

  it('fails for a record that the broker refuses', async () => {
    const topic = newTopic();
    await ensureTopic(kafka, { topic, partitions: 1 });
    await expect(write(topic, [{ key: null, value: 'x'.repeat(2_000_000) }])).rejects.toThrow(
      /larger than the max/,
    );
  });
});

describe('ensureTopic', () => {
  it('makes an absent topic and leaves one that exists as it is', async () => {
    const topic = newTopic();
    expect(await ensureTopic(kafka, { topic, partitions: 3 })).toEqual({ created: true, partitions: 3 });
    await write(topic, [{ key: null, value: 'kept', partition: 0 }]);
    expect(await ensureTopic(kafka, { topic, partitions: 5, retention: 'forever' })).toEqual({
      created: false,
      partitions: 3,
    });
    expect(await stored(topic)).toHaveLength(1);
    expect(await retentionOf(topic)).not.toBe('-1');
  });

  it('keeps records for ever where that is asked for', async () => {
    const topic = newTopic();
    await ensureTopic(kafka, { topic, partitions: 1, retention: 'forever' });
    expect(await retentionOf(topic)).toBe('-1');
  });

  it('gives the reason of the broker', async () => {
    const topic = newTopic();
    await expect(ensureTopic(kafka, { topic, partitions: 0 })).rejects.toThrow(
      `topic ${topic} cannot be made: `,
    );
  });
});

describe('topicOutput', () => {
  const target = { kafka, eventStamps: false, note: () => undefined };

  it('has everything in the topic when it is closed', async () => {
    const topic = newTopic();
    const output = await topicOutput({ ...target, topic, partitions: undefined });
    for (const value of ['a', 'b', 'c']) await output.write([{ key: null, value }]);
    await output.close();
    expect((await stored(topic)).map(({ value }) => value)).toEqual(['a', 'b', 'c']);
  });

  it('refuses another number of partitions than the topic has, and takes it where none was asked for', async () => {
    const topic = newTopic();
    await ensureTopic(kafka, { topic, partitions: 2 });
    await expect(topicOutput({ ...target, topic, partitions: 4 })).rejects.toThrow(UsageError);
    for (const partitions of [2, undefined])
      await (await topicOutput({ ...target, topic, partitions })).close();
  });

  it('says that old time stamps may not last in a topic that exists', async () => {
    const notes: string[] = [];
    const topic = newTopic();
    const stamped = {
      ...target,
      topic,
      partitions: undefined,
      eventStamps: true,
      note: (s: string) => notes.push(s),
    };
    await (await topicOutput(stamped)).close();
    expect(notes).toEqual([]);
    expect(await retentionOf(topic)).toBe('-1');
    await (await topicOutput(stamped)).close();
    expect(notes).toEqual([expect.stringContaining('retention.ms')]);
  });

  it('throws a failure of the last write when it is closed', async () => {
    const output = await topicOutput({ ...target, topic: newTopic(), partitions: undefined });
    await output.write([{ key: null, value: 'x'.repeat(2_000_000) }]);
    await expect(output.close()).rejects.toThrow(/larger than the max/);
  });
});
