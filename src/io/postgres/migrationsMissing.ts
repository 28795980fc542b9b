import { readdir } from 'node:fs/promises';
import { MIGRATIONS } from './migrate.js';
import type { Queryable } from './pool.js';

/** Migrations of this build that the database has not seen, and those it has seen that this build does not have; null: it has none at all. */
export async function migrationsMissing(
  db: Queryable,
): Promise<{ missing: string[]; unknown: string[] } | null> {
  const here = (await readdir(MIGRATIONS)).map((name) => name.replace(/\.sql$/, ''));
  const { rows: found } = await db.query(`select to_regclass('weir.migration') is not null as found`);
  if (!(found[0].found as boolean)) return null;
  const { rows } = await db.query('select name from weir.migration order by id');
  const run = rows.map((row) => row.name as string);
  const byNumber = (a: string, b: string): number => Number.parseInt(a) - Number.parseInt(b);
  return {
    missing: here.filter((name) => !run.includes(name)).sort(byNumber),
    unknown: run.filter((name) => !here.includes(name)),
  };
}
