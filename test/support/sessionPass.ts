/**
 * What the sessions pipeline has to give for a topic, by a plain pass over its records, one after the other: nothing is shared with the
 * code under test but the Kafka reader. For events with ISO times, raw fields and no time stamps of the future.
 */
import type pg from 'pg';
import type { KafkaConfig } from '../../src/io/kafka/config.js';
import { createKafkaReader } from '../../src/io/kafka/kafkaReader.js';
import { createTopicAdmin } from '../../src/io/kafka/topics.js';
import { testJob } from './job.js';
import { referenceSessions, type ModelRecord } from './reference.js';

export interface SessionPass {
  records: number;
  late: number;
  /** JSON of [partition, start (ms), window end (ms), user, ip, host], to the number of events. */
  sessions: Map<string, number>;
}

export async function sessionPass(
  kafka: KafkaConfig,
  topic: string,
  { gapMs, delayMs }: { gapMs: number; delayMs: number },
): Promise<SessionPass> {
  const admin = createTopicAdmin(kafka);
  const { partitions } = (await admin.describe(topic))!;
  await admin.close();
  const pass: SessionPass = { records: 0, late: 0, sessions: new Map() };
  for (const { partition, endOffset } of partitions) {
    const log = await readAll(kafka, topic, { partition, endOffset });
    const { rows, counters } = referenceSessions(testJob({ sizeMs: gapMs, delayMs }), log, []);
    pass.records += counters.read;
    pass.late += counters.late;
    for (const [group, count] of rows) {
      const [start, end, user, ip, , host] = JSON.parse(group) as unknown[];
      pass.sessions.set(JSON.stringify([partition, start, end, user, ip, host]), count);
    }
  }
  return pass;
}

async function readAll(
  kafka: KafkaConfig,
  topic: string,
  { partition, endOffset }: { partition: number; endOffset: number },
): Promise<ModelRecord[]> {
  const reader = createKafkaReader({ ...kafka, topic, partition });
  const log: ModelRecord[] = [];
  for (let offset = 0; offset < endOffset;) {
    const { records } = await reader.fetch({ offset, maxWaitMs: 1000, maxBytes: 1_000_000 });
    while (records.next()) {
      const { event_time, user_id, ip, host } = JSON.parse(records.value()!.toString()) as Record<
        string,
        string | null
      >;
      const time = Date.parse(event_time!);
      log.push({
        time,
        timestampMs: null,
        reason: null,
        user: user_id ?? null,
        ip: ip ?? null,
        host: host ?? null,
      });
    }
    offset = records.nextOffset;
  }
  await reader.close();
  return log;
}

/** The rows of a job in the same form. */
export async function storedSessions(pool: pg.Pool, job: string): Promise<Map<string, number>> {
  const { rows } = await pool.query(
    `select partition, (extract(epoch from session_start) * 1000)::bigint as start,
            (extract(epoch from window_end) * 1000)::bigint as end, user_id, ip, host, event_count
     from user_sessions where job = $1`,
    [job],
  );
  return new Map(
    (rows as Record<string, unknown>[]).map(({ partition, start, end, user_id, ip, host, event_count }) => [
      JSON.stringify([partition, start, end, user_id, ip, host]),
      event_count as number,
    ]),
  );
}
