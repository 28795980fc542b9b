/** That the migration to a row for each window keeps what is there: rows, what people are shown, and rights. */
import { runner } from 'node-pg-migrate';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrate, MIGRATING } from '../../../src/io/postgres/migrate.js';
import { createDatabase, type TestDatabase } from '../../support/database.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase({ migrated: false, connections: 1 });
});
afterAll(() => database.drop());

it('keeps counts, what people are shown, and rights', async () => {
  const { pool, config } = database;
  const reader = `reader_${config.database}`;
  await runner({ ...MIGRATING, databaseUrl: config, count: 9 });
  await pool.query(`
    create role ${reader};
    grant select on public.aggregated_web_traffic to ${reader};
    grant insert on weir.hits to ${reader};
    insert into weir.job (name, pipeline, config) values ('old', 'hits', '{}');
    insert into weir.progress (job, partition, epoch, "offset", rebuild_from, watermark)
      select 'old', p, 0, 0, 0, weir.instant(600000) from generate_series(0, 1) p;
    insert into weir.hits (job, partition, window_start, window_end, group_hash, host, referrer, num_hits, epoch)
      select 'old', p, weir.instant(300000 * w), weir.instant(300000 * (w + 1)), sha256((w || ' ' || g)::bytea),
             nullif('h' || g % 3, 'h0'), nullif('r' || g / 3, 'r0'), 1 + p * 100 + w * 10 + g, 2
      from generate_series(0, 1) p, generate_series(0, 2) w, generate_series(0, 8) g`);
  const shown = () =>
    pool.query('select * from public.aggregated_web_traffic order by window_start, host, referrer');
  const before = (await shown()).rows;
  expect(before).toHaveLength(2 * 9);
  const counts = `select job, partition, window_start, window_end, host, referrer, num_hits, epoch from %
                  order by partition, window_start, host, referrer`;
  const each = (await pool.query(counts.replace('%', 'weir.hits'))).rows;

  expect(await migrate(config)).toContain('10_hits_by_window');

  expect((await shown()).rows).toEqual(before);
  expect((await pool.query(counts.replace('%', 'weir.hit_counts'))).rows).toEqual(each);
  const { rows } = await pool.query(
    `select has_table_privilege('${reader}', 'public.aggregated_web_traffic', 'select') as reads,
            has_table_privilege('${reader}', 'weir.hits', 'insert') as writes,
            (select count(*)::int from weir.hits) as windows`,
  );
  expect(rows).toEqual([{ reads: true, writes: true, windows: 6 }]);
  await pool.query(`drop owned by ${reader}; drop role ${reader}`);
});
