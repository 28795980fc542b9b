import type pg from 'pg';

/**
 * The schema as text, from the catalogue: pg_dump does not come with every Postgres, and its output differs between versions. Views and
 * functions by their signatures: their bodies are in the migrations, and Postgres prints them in another way in each version.
 */
export async function schemaOf(pool: pg.Pool): Promise<string> {
  const { rows: relations } = await pool.query(`
    select c.oid, c.relkind, n.nspname || '.' || c.relname as name, array_to_string(c.reloptions, ', ') as options
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('weir', 'public') and c.relkind in ('r', 'p', 'v')
    order by n.nspname, c.relname`);
  const parts: string[] = [];
  for (const { oid, relkind, name, options } of relations as Record<string, string>[]) {
    const columns = await lines(
      pool,
      `select format('  %I %s%s%s', attname, format_type(atttypid, atttypmod), case when attnotnull then ' not null' else '' end,
                     coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')) as line
       from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
       where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped order by a.attnum`,
      oid!,
    );
    const constraints = await lines(
      pool,
      `select '  ' || pg_get_constraintdef(oid) as line from pg_constraint
       where conrelid = $1 and contype in ('p', 'u', 'f', 'c') order by contype, conname`,
      oid!,
    );
    const indexes = await lines(
      pool,
      `select indexdef || ';' as line from pg_indexes
       where schemaname || '.' || tablename = $1 order by indexname`,
      name!,
    );
    const kind = relkind === 'v' ? 'view' : 'table';
    parts.push(
      `create ${kind} ${name} (\n${[...columns, ...constraints].join(',\n')}\n)${options ? ` with (${options})` : ''};`,
      ...indexes,
      '',
    );
  }
  const functions = await lines(
    pool,
    `select format('create %s %I.%I(%s)%s;', case p.prokind when 'p' then 'procedure' else 'function' end, n.nspname, p.proname,
                   pg_get_function_arguments(p.oid), ' returns ' || pg_get_function_result(p.oid)) as line
     from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = any (string_to_array($1, ' ')) order by 1`,
    'weir public',
  );
  return [...parts, ...functions, ''].join('\n');
}

async function lines(pool: pg.Pool, query: string, parameter: string): Promise<string[]> {
  const { rows } = await pool.query(query, [parameter]);
  return (rows as { line: string }[]).map(({ line }) => line);
}
