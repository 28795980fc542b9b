import type { Queryable } from './pool.js';

/** What this user may not do and a worker has to: `insert on weir.hits`, and so on. */
export async function missingRights(db: Queryable): Promise<string[]> {
  const { rows } = await db.query(`
    select wanted || ' on ' || c.oid::regclass as missing
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    cross join unnest(array['select', 'insert', 'update', 'delete']) as wanted
    where ((n.nspname = 'weir' and c.relkind = 'r' and c.relname <> 'migration') or c.oid = 'public.user_sessions'::regclass)
      and case when has_schema_privilege(n.oid, 'usage') then not has_table_privilege(c.oid, wanted) else true end
    order by 1`);
  return rows.map((row) => row.missing as string);
}
