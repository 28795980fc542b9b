/** What the hits pipeline has to give for a topic, by a plain pass over its records: nothing is shared with the code under test. */
import { createKafkaReader } from '../../src/io/kafka/kafkaReader.js';
import type { KafkaConfig } from '../../src/io/kafka/config.js';
import { createTopicAdmin } from '../../src/io/kafka/topics.js';

export interface ExactPass {
  records: number;
  /** Hits by `window start (ms) host referrer`, as JSON. */
  hits: Map<string, number>;
}

/** Counts all records of a topic whose events are all well-formed and never late. */
export async function exactPass(kafka: KafkaConfig, topic: string, sizeMs: number): Promise<ExactPass> {
  const admin = createTopicAdmin(kafka);
  const { partitions } = (await admin.describe(topic))!;
  await admin.close();
  const pass: ExactPass = { records: 0, hits: new Map() };
  for (const { partition, startOffset, endOffset } of partitions) {
    const reader = createKafkaReader({ ...kafka, topic, partition });
    for (let offset = startOffset; offset < endOffset;) {
      const { records } = await reader.fetch({ offset, maxWaitMs: 1000, maxBytes: 1_000_000 });
      while (records.next()) {
        const { event_time, host, referrer } = JSON.parse(records.value()!.toString()) as Record<
          string,
          string
        >;
        const time = Date.parse(event_time!);
        const key = JSON.stringify([time - (time % sizeMs), host ?? null, referrer ?? null]);
        pass.hits.set(key, (pass.hits.get(key) ?? 0) + 1);
        pass.records++;
      }
      offset = records.nextOffset;
    }
    await reader.close();
  }
  return pass;
}

/** Rows of the view in the same form. */
export function asHits(rows: Record<string, unknown>[]): Map<string, number> {
  return new Map(
    rows.map(({ window_start, host, referrer, num_hits }) => [
      JSON.stringify([(window_start as Date).getTime(), host, referrer]),
      num_hits as number,
    ]),
  );
}

/** Groups whose counts differ, for a message that can be read. */
export function differences(expected: Map<string, number>, actual: Map<string, number>): string[] {
  const keys = new Set([...expected.keys(), ...actual.keys()]);
  return [...keys]
    .filter((key) => expected.get(key) !== actual.get(key))
    .map((key) => `${key}: ${actual.get(key) ?? 0} instead of ${expected.get(key) ?? 0}`);
}
