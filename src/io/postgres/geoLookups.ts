import type { Queryable } from './pool.js';

/** What answered for an address: `private` for one that has no location, `unknown` where nothing did. */
export type LookupSource = 'private' | 'memory' | 'cache' | 'mmdb' | 'unknown';

const ADD = `
  insert into weir.geo_lookups as l (day, source, lookups)
  select $1::date, n.source, n.lookups from unnest($2::text[], $3::bigint[]) as n (source, lookups) order by n.source
  on conflict (day, source) do update set lookups = l.lookups + excluded.lookups`;

const SUMS = `
  select source, sum(lookups)::bigint as lookups from weir.geo_lookups
  where day > $1::date - $2::int and day <= $1::date group by source`;

/** Adds counts of the day (`YYYY-MM-DD`, UTC): a figure for people, not exact after a crash. */
export async function addLookups(
  db: Queryable,
  day: string,
  counts: ReadonlyMap<LookupSource, number>,
): Promise<void> {
  await db.query(ADD, [day, [...counts.keys()], [...counts.values()]]);
}

/** The sums of `days` days that end with `day`. */
export async function sumLookups(
  db: Queryable,
  day: string,
  days: number,
): Promise<Partial<Record<LookupSource, number>>> {
  const { rows } = await db.query(SUMS, [day, days]);
  return Object.fromEntries(
    (rows as { source: LookupSource; lookups: number }[]).map(({ source, lookups }) => [source, lookups]),
  );
}
