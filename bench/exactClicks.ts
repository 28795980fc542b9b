/**
 * The clicks of a topic, one after the other in the plainest way, on nothing of weir's own. Good for topics in which nothing is late or
 * rejected, as those of the benchmark.
 */
import { readTopic } from './readTopic.js';
import type { World } from './world.js';

export interface ExactClicks {
  /** JSON of [bucket start, url, country, clicks, samples, time spent in ms, users], of each bucket, URL and country. */
  facts: Set<string>;
  duplicates: number;
}

interface Rules {
  topic: string;
  ends: readonly number[];
  sizeMs: number;
  gapMs: number;
  dedupeWithinMs: number;
}

interface Click {
  time: number;
  partition: number;
  /** How many were read of its partition before. */
  at: number;
  key: string | null;
  user: string | null;
  url: string;
  country: string | null;
}

interface Event {
  key: string | null;
  click_data: { user_id: string | null; timestamp: string; url: string };
  geo_data: { country: string | null };
}

export async function clicksOfTopic(world: World, rules: Rules): Promise<ExactClicks> {
  world.say('counting the clicks of the topic in an exact pass');
  const clicks: Click[] = [];
  const counts = rules.ends.map(() => 0);
  await readTopic(world, rules, (partition, text) => {
    const { key, click_data, geo_data } = JSON.parse(text) as Event;
    const { user_id: user, timestamp, url } = click_data;
    const at = counts[partition]!++;
    clicks.push({ time: Date.parse(timestamp), partition, at, key, user, url, country: geo_data.country });
  });
  clicks.sort((a, b) => a.time - b.time || a.partition - b.partition || a.at - b.at);
  const counted = clicks.filter(notCopied(rules.dedupeWithinMs));

  const next = nextClicks(counted);
  const groups = new Map<string, { clicks: number; samples: number; spentMs: number; users: Set<string> }>();
  for (const click of counted) {
    const group = JSON.stringify([click.time - (click.time % rules.sizeMs), click.url, click.country]);
    let facts = groups.get(group);
    if (facts === undefined)
      groups.set(group, (facts = { clicks: 0, samples: 0, spentMs: 0, users: new Set() }));
    facts.clicks++;
    if (click.user !== null) facts.users.add(click.user);
    const spentMs = (next.get(click)?.time ?? Infinity) - click.time;
    if (spentMs > rules.gapMs) continue;
    facts.samples++;
    facts.spentMs += spentMs;
  }
  const facts = [...groups].map(([group, { clicks, samples, spentMs, users }]) =>
    JSON.stringify([...(JSON.parse(group) as unknown[]), clicks, samples, spentMs, [...users].sort()]),
  );
  return { facts: new Set(facts), duplicates: clicks.length - counted.length };
}

function notCopied(withinMs: number): (click: Click) => boolean {
  const last = new Map<string, number>();
  return ({ key, time }) => {
    if (key === null) return true;
    const before = last.get(key) ?? -Infinity;
    last.set(key, time);
    return time - before > withinMs;
  };
}

/** Of each click the next one of its user. */
function nextClicks(clicks: readonly Click[]): Map<Click, Click> {
  const next = new Map<Click, Click>();
  const last = new Map<string, Click>();
  for (const click of clicks) {
    if (click.user === null) continue;
    const before = last.get(click.user);
    if (before !== undefined) next.set(before, click);
    last.set(click.user, click);
  }
  return next;
}

/** Compares what `weir.clicks` holds of a drained job, all of it, with `exact`; returns sentences about what differs. */
export async function differencesOfClicks(world: World, job: string, exact: ExactClicks): Promise<string[]> {
  const { rows } = await world.db.query<[number, string, string | null, number, number, number, string[]]>({
    rowMode: 'array',
    text: `select (extract(epoch from c.bucket_start) * 1000)::bigint, c.url, c.country, sum(c.clicks)::bigint, sum(c.samples)::bigint,
             sum(c.time_spent_ms)::bigint,
             array(select distinct each from weir.clicks d, unnest(d.users) each
                   where d.job = c.job and d.group_hash = c.group_hash and d.bucket_start = c.bucket_start)
           from weir.clicks c where job = $1 group by c.job, c.group_hash, c.bucket_start, c.url, c.country`,
    values: [job],
  });
  const written = new Set(
    rows.map(([...fields]) => JSON.stringify([...fields.slice(0, 6), fields[6].sort()])),
  );
  const missing = [...exact.facts].filter((facts) => !written.has(facts));
  if (missing.length === 0 && rows.length === exact.facts.size) {
    world.say(
      `all ${rows.length} facts are those of an exact pass over the topic, ${exact.duplicates} duplicates`,
    );
    return [];
  }
  return [
    `job ${job}: ${missing.length} of ${exact.facts.size} facts are missing among ${rows.length}, for example ${missing[0] ?? 'none'}`,
  ];
}
