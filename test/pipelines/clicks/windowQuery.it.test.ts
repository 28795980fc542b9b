/** Clicks against a plain window query over the same events in the same Postgres (docs/semantics.md, clicks), on random streams. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { seededRandom, type Random } from '../../../src/cli/generate/random.js';
import { migrate } from '../../../src/io/postgres/migrate.js';
import { createPool } from '../../../src/io/postgres/pool.js';
import { loadConfig } from '../../../src/worker/config.js';
import { clicksJob, writeClicks } from '../../support/clicksJob.js';
import { pick, testSeed } from '../../support/scenarios.js';
import { sharedStack } from '../../support/stack.js';
import { uniqueName } from '../../support/weir.js';

interface Event {
  key: string | null;
  user_id: string | null;
  timestamp: number;
  url: string | null;
  country: string | null;
}

const STREAMS = 25;
const START = Date.UTC(2026, 0, 1);

/** `$1` events, `$2` size, `$3` gap, `$4` dedupeWithin, `$5` delay, in ms. */
const WINDOW_QUERY = `
  with event as (
    select e.*, max(t) over (partition by partition order by "offset" rows between unbounded preceding and 1 preceding) - $5 as watermark
    from jsonb_to_recordset($1) as e (partition int, "offset" int, t bigint, key text, user_id text, url text, country text)
  ), in_time as (
    select *, t - lag(t) over (partition by key order by t, partition, "offset") as since_copy
    from event where watermark is null or t > watermark
  ), counted as (
    select *, $4 > 0 and key is not null and coalesce(since_copy <= $4, false) as copied from in_time
  ), followed as (
    select *, lead(t) over (partition by user_id order by t, partition, "offset") - t as spent from counted where not copied
  ), facts as (
    select floor(t::numeric / $2)::bigint * $2 as bucket, url, country, count(*)::bigint as clicks,
           count(distinct user_id)::bigint as users,
           count(*) filter (where user_id is not null and spent <= $3)::bigint as samples,
           coalesce(sum(spent) filter (where user_id is not null and spent <= $3), 0)::bigint as spent
    from followed group by 1, 2, 3
  )
  select (select count(*) from event)::bigint as read, (select count(*) from counted where copied)::bigint as duplicate,
         (select count(*) from event)::bigint - (select count(*) from counted)::bigint as late,
         (select coalesce(jsonb_agg(jsonb_build_array(bucket, url, country, clicks, users, samples, spent)
                                    order by bucket, url nulls first, country nulls first), '[]') from facts) as facts`;

const WRITTEN = `
  select coalesce(jsonb_agg(jsonb_build_array(bucket, url, country, clicks, users, samples, spent)
                            order by bucket, url nulls first, country nulls first), '[]') as facts
  from (select weir.millis(bucket_start) as bucket, url, country, sum(clicks) as clicks, count(distinct user_id) as users,
               sum(samples) as samples, sum(time_spent_ms) as spent
        from weir.click_users where job = $1 group by bucket_start, url, country) as each`;

describe('clicks', () => {
  let pool: pg.Pool;
  beforeAll(async () => {
    const { postgres } = loadConfig({ POSTGRES_URL: sharedStack().postgresUrl });
    await migrate(postgres);
    pool = createPool(postgres, 2);
  });
  afterAll(() => pool.end());

  it.each([
    ['one partition, records without key', 1],
    ['three partitions, records keyed by user', 3],
  ])('are those of a window query: %s', async (_, partitions) => {
    const random = seededRandom(testSeed());
    let samples = 0;
    for (let stream = 0; stream < STREAMS; stream++) {
      const { events, rules } = randomStream(random, partitions);
      const name = uniqueName('clicks');
      const job = clicksJob({ ...rules, ...(partitions > 1 ? { partitionedBy: 'key' } : {}) });
      const counters = await writeClicks(pool, { name, job, partitions: events, random });

      const flat = events.flatMap((each, partition) =>
        each.map(({ timestamp: t, ...event }, offset) => ({ partition, offset, t, ...event })),
      );
      const { sizeMs, gapMs, dedupeWithinMs, delayMs } = job;
      const { rows } = await pool.query(WINDOW_QUERY, [
        JSON.stringify(flat),
        sizeMs,
        gapMs,
        dedupeWithinMs,
        delayMs,
      ]);
      const [expected] = rows as { facts: number[][]; duplicate: number; late: number; read: number }[];
      const written = (await pool.query(WRITTEN, [name])).rows[0] as { facts: number[][] };
      const { read, duplicate, late } = counters;
      expect({ ...written, read, duplicate, late }, `stream ${stream}, ${JSON.stringify(rules)}`).toEqual(
        expected,
      );
      samples += expected!.facts.reduce((sum, facts) => sum + facts[5]!, 0);
    }
    expect(samples).toBeGreaterThan(STREAMS); // else nothing was compared
  });
});

/** Events of a few users who click near the boundaries of gap, dedupeWithin and buckets. */
function randomStream(
  random: Random,
  partitions: number,
): { events: Event[][]; rules: Record<string, string> } {
  const gap = pick(random, [40, 100, 250]);
  const dedupe = pick(random, [0, 20, 60, 300]);
  const delay = pick(random, [0, 30, 120]);
  const rules = { size: '100ms', gap: `${gap}ms`, dedupeWithin: `${dedupe}ms`, delay: `${delay}ms` };
  const events: Event[][] = Array.from({ length: partitions }, () => []);
  let latest = START;
  const count = 20 + random.below(200);
  for (let i = 0; i < count; i++) {
    latest += pick(random, [0, 0, 1, 7, 20, gap, gap + 1]);
    const user = random.below(5);
    const partition = user % partitions;
    const copied = events[partition]!.at(-1 - random.below(5));
    const timestamp = latest - pick(random, [0, 0, 0, 10, delay, delay + 30]);
    if (copied !== undefined && random.below(4) === 0) {
      const again = pick(random, [0, dedupe, dedupe + 1, timestamp - copied.timestamp]);
      events[partition]!.push({ ...copied, timestamp: copied.timestamp + again });
      continue;
    }
    events[partition]!.push({
      key: random.below(4) === 0 ? null : `e${i}`,
      user_id: user === 4 ? null : `u${user}`,
      timestamp,
      url: pick(random, ['/a', '/b', null]),
      country: pick(random, ['US', null]),
    });
  }
  return { events, rules };
}
