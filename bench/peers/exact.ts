import { countTopic } from '../exact.js';
import { sessionsOfTopic } from '../exactSessions.js';
import { readTopic } from '../readTopic.js';
import { endOffsets } from '../topics.js';
import type { World } from '../world.js';
import type { JobName } from './engines.js';
import type { Source } from './results.js';

const SIZE_MS = 300_000;
const GAP_MS = 300_000;
const DELAY_MS = 30_000;

/** Writes what an exact pass over a topic finds into the tables of exact rows. */
export async function exactRows(world: World, job: JobName, topic: string): Promise<Source> {
  const ends = await endOffsets(world, topic);
  const name = `${job}-${topic}`;
  switch (job) {
    case 'hits': {
      const counts = await countTopic(world, { topic, sizeMs: SIZE_MS, ends });
      const rows = [...counts].map(([key, hits]) => [...(JSON.parse(key) as unknown[]), hits]);
      await insert(world, name, {
        rows,
        into: 'exact.hits (run, window_start, window_end, host, referrer, num_hits)',
        select: `$1, to_timestamp(a / 1000), to_timestamp(a / 1000) + interval '5 minutes', b, c, d`,
        types: ['float8', 'text', 'text', 'bigint'],
      });
      break;
    }
    case 'sessions': {
      const sessions = await sessionsOfTopic(world, { topic, gapMs: GAP_MS, delayMs: DELAY_MS, ends });
      await insert(world, name, {
        rows: [...sessions].map((each) => JSON.parse(each) as unknown[]),
        into: 'exact.sessions (run, session_id, user_id, ip, session_start, session_end, event_count)',
        select: `$1, gen_random_uuid(), a, b, to_timestamp(c / 1000), to_timestamp(d / 1000) + interval '5 minutes', e`,
        types: ['text', 'text', 'float8', 'float8', 'bigint'],
      });
      break;
    }
    case 'clicks':
      await insert(world, name, {
        rows: await clicksOf(world, { topic, ends }),
        into: 'exact.clicks (run, window_start, url, clicks, users)',
        select: '$1, to_timestamp(a / 1000), b, c, d',
        types: ['float8', 'text', 'bigint', 'bigint'],
      });
      break;
  }
  return { of: 'exact', name };
}

async function clicksOf(
  world: World,
  { topic, ends }: { topic: string; ends: readonly number[] },
): Promise<unknown[][]> {
  world.say('counting the clicks of the topic in an exact pass');
  const buckets = new Map<string, { clicks: number; users: Set<string> }>();
  await readTopic(world, { topic, ends }, (_partition, text) => {
    const { event_time, url, user_id } = JSON.parse(text) as Record<string, string>;
    const key = JSON.stringify([Math.floor(Date.parse(event_time!) / SIZE_MS) * SIZE_MS, url]);
    const bucket = buckets.get(key) ?? { clicks: 0, users: new Set() };
    bucket.clicks++;
    bucket.users.add(user_id!);
    buckets.set(key, bucket);
  });
  return [...buckets].map(([key, { clicks, users }]) => [
    ...(JSON.parse(key) as unknown[]),
    clicks,
    users.size,
  ]);
}

async function insert(
  { db }: World,
  name: string,
  { rows, into, select, types }: { rows: unknown[][]; into: string; select: string; types: string[] },
): Promise<void> {
  const columns = types.map((type, column) => ({ type, values: rows.map((row) => row[column]) }));
  const arrays = columns.map(({ type }, column) => `$${column + 2}::${type}[]`);
  const names = types.map((_, column) => 'abcde'[column]);
  await db.query(
    `insert into ${into} select ${select} from unnest(${arrays.join(', ')}) as found (${names.join(', ')})`,
    [name, ...columns.map(({ values }) => values)],
  );
}
