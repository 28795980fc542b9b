/**
 * The sessions of a topic, record by record in the plainest way, on nothing of weir's own. Good for topics in which nothing is late or
 * rejected, as those of the benchmark.
 */
import { readTopic } from './readTopic.js';
import type { World } from './world.js';

interface Session {
  first: number;
  last: number;
  events: number;
}

/** JSON of [user, ip, start, end, events], of each session. */
export type Sessions = Set<string>;

interface Rules {
  topic: string;
  gapMs: number;
  delayMs: number;
  ends: readonly number[];
}

interface Met {
  /** The watermark of its partition, as the record met it. */
  met: number;
  partition: number;
  at: number;
  time: number;
  key: string;
}

export async function sessionsOfTopic(
  world: World,
  { topic, gapMs, delayMs, ends }: Rules,
): Promise<Sessions> {
  world.say('looking for the sessions of the topic in an exact pass');
  const watermarks = ends.map(() => -Infinity);
  const records: Met[] = [];
  await readTopic(world, { topic, ends }, (partition, text) => {
    const { event_time, user_id, ip } = JSON.parse(text) as Record<string, string>;
    const time = Date.parse(event_time!);
    const met = watermarks[partition]!;
    records.push({
      met,
      partition,
      at: records.length,
      time,
      key: JSON.stringify([user_id ?? null, ip ?? null]),
    });
    watermarks[partition] = Math.max(met, time - delayMs);
  });
  // Where records of a visitor are in several partitions, they are taken in the order of the watermarks that they met (docs/semantics.md).
  records.sort((a, b) =>
    a.met === b.met ? a.partition - b.partition || a.at - b.at : a.met < b.met ? -1 : 1,
  );
  return sessionsOf(records, gapMs);
}

function sessionsOf(records: readonly Met[], gapMs: number): Sessions {
  const byKey = new Map<string, Session[]>();
  for (const { met, time, key } of records) {
    const sessions = byKey.get(key) ?? [];
    const touched = sessions.filter(
      ({ first, last }) => last + gapMs > met && first - gapMs <= time && time <= last + gapMs,
    );
    const joined = {
      first: Math.min(time, ...touched.map(({ first }) => first)),
      last: Math.max(time, ...touched.map(({ last }) => last)),
      events: touched.reduce((sum, { events }) => sum + events, 1),
    };
    byKey.set(key, [...sessions.filter((session) => !touched.includes(session)), joined]);
  }
  const found: Sessions = new Set();
  for (const [key, sessions] of byKey) {
    const [user, ip] = JSON.parse(key) as [string | null, string | null];
    for (const { first, last, events } of sessions)
      found.add(JSON.stringify([user, ip, first, last, events]));
  }
  return found;
}

/** Compares what `user_sessions` holds of a drained job, all of it, with `exact`; returns sentences about what differs. */
export async function differencesOfSessions(world: World, job: string, exact: Sessions): Promise<string[]> {
  const { rows } = await world.db.query<[string | null, string | null, number, number, number]>({
    rowMode: 'array',
    text: `select user_id, ip, (extract(epoch from session_start) * 1000)::bigint, (extract(epoch from session_end) * 1000)::bigint,
             event_count
           from user_sessions where job = $1`,
    values: [job],
  });
  const written = new Set(rows.map((row) => JSON.stringify(row)));
  const missing = [...exact].filter((session) => !written.has(session));
  if (missing.length === 0 && rows.length === exact.size) {
    world.say(`all ${rows.length} sessions are those of an exact pass over the topic`);
    return [];
  }
  return [
    `job ${job}: ${missing.length} of ${exact.size} sessions are missing among ${rows.length}, for example ${missing[0] ?? 'none'}`,
  ];
}
