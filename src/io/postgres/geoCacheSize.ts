import type { Queryable } from './pool.js';

const SIZE = `
  select count(*) filter (where country is not null or state is not null or city is not null) as places,
         count(*) filter (where country is null and state is null and city is null) as nowhere
  from weir.geo_cache`;

/** How many addresses `weir.geo_cache` holds: with a place, and those that nobody knew; expired ones too. */
export async function geoCacheSize(db: Queryable): Promise<{ places: number; nowhere: number }> {
  const { rows } = await db.query(SIZE);
  return rows[0] as { places: number; nowhere: number };
}
