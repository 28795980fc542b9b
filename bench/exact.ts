/**
 * What the view has to hold, counted in the plainest way, on nothing of weir's own: JSON.parse and one Map. Good
 * for topics in which nothing is late or rejected, as those of the benchmark.
 */
import { readTopic } from './readTopic.js';
import type { World } from './world.js';

/** Hits by JSON of [window start, host, referrer]. */
export type Counts = Map<string, number>;

/** Compares what `aggregated_web_traffic` shows of a job, all of it, with `exact`; returns sentences about what differs. */
export async function differences(world: World, job: string, exact: Counts): Promise<string[]> {
  const shown = await readView(world, job);
  const wrong = [...new Set([...exact.keys(), ...shown.keys()])].filter(
    (key) => exact.get(key) !== shown.get(key),
  );
  if (wrong.length === 0) {
    world.say(`all ${shown.size} rows are those of an exact pass over the topic`);
    return [];
  }
  const [key] = wrong as [string];
  const example = `${key} is ${shown.get(key) ?? 'missing'} and should be ${exact.get(key) ?? 'absent'}`;
  return [`job ${job}: ${wrong.length} of ${exact.size} rows are wrong, for example ${example}`];
}

/** Reads a topic up to `ends`, the end offset of each partition, and counts it in windows of `sizeMs`. */
export async function countTopic(
  world: World,
  { topic, sizeMs, ends }: { topic: string; sizeMs: number; ends: readonly number[] },
): Promise<Counts> {
  world.say('counting the topic in an exact pass');
  const counts: Counts = new Map();
  await readTopic(world, { topic, ends }, (_partition, text) => {
    const { event_time, host, referrer } = JSON.parse(text) as Record<string, string>;
    const start = Math.floor(Date.parse(event_time!) / sizeMs) * sizeMs;
    const key = JSON.stringify([start, host, referrer]);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  });
  return counts;
}

async function readView({ db }: World, job: string): Promise<Counts> {
  const { rows } = await db.query<{
    start: number;
    host: string | null;
    referrer: string | null;
    num_hits: number;
  }>(
    `select (extract(epoch from window_start) * 1000)::bigint as start, host, referrer, num_hits
     from aggregated_web_traffic where job = $1`,
    [job],
  );
  return new Map(
    rows.map(({ start, host, referrer, num_hits }) => [JSON.stringify([start, host, referrer]), num_hits]),
  );
}
