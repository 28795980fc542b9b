/** Sessions of a topic, by a plain pass over its partitions (regroupReference.ts), and those that a job has written. */
import type pg from 'pg';
import type { KafkaConfig } from '../../src/io/kafka/config.js';
import { createKafkaReader } from '../../src/io/kafka/kafkaReader.js';
import { createTopicAdmin } from '../../src/io/kafka/topics.js';
import { readTo } from './kafkaRead.js';
import { acceptedOf, finalSessions } from './regroupReference.js';

/** JSON of [user, ip, start, last, count, host], sorted. `advances`, by partition: what the line was when it appeared. */
export async function sessionsOfTopic(
  kafka: KafkaConfig,
  topic: string,
  rules: { gapMs: number; delayMs: number; advances?: Record<number, [number, number][]> },
): Promise<{ sessions: string[]; records: number; accepted: number }> {
  const admin = createTopicAdmin(kafka);
  const { partitions } = (await admin.describe(topic))!;
  await admin.close();
  const hosts = new Map<string, string | null>();
  const accepted = [];
  let read = 0;
  for (const { partition, endOffset } of partitions) {
    const reader = createKafkaReader({ ...kafka, topic, partition });
    const { records } = await readTo(reader, { from: 0, to: endOffset });
    await reader.close();
    read += records.length;
    const log = records.map(({ value }, offset) => {
      const { user_id, ip, host, event_time } = JSON.parse(value!) as Record<string, string>;
      hosts.set(`${partition}:${offset}`, host ?? null);
      return { key: JSON.stringify([user_id ?? null, ip ?? null]), time: Date.parse(event_time!) };
    });
    const { gapMs, delayMs, advances = {} } = rules;
    accepted.push(
      ...acceptedOf(log, { source: partition, gapMs, delayMs, advances: advances[partition] ?? [] }),
    );
  }
  const sessions = finalSessions(accepted, { gapMs: rules.gapMs, line: Infinity }).map(
    ({ key, first, last, count, earliest }) =>
      JSON.stringify([...(JSON.parse(key) as string[]), first, last, count, hosts.get(earliest)]),
  );
  return { sessions: sessions.sort(), records: read, accepted: accepted.length };
}

/** What `user_sessions` holds of a job, in the same form. */
export async function sessionsOfJob(pool: pg.Pool, job: string): Promise<string[]> {
  const { rows } = await pool.query({
    rowMode: 'array',
    text: `select user_id, ip, weir.millis(session_start), weir.millis(session_end), event_count, host from user_sessions where job = $1`,
    values: [job],
  });
  return rows.map((row) => JSON.stringify(row)).sort();
}
