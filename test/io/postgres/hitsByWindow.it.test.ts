/** That the migration to a row for each window keeps what is there: rows, what people are shown, and rights. */
import { runner } from 'node-pg-migrate';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type pg from 'pg';
import { migrate, MIGRATIONS } from '../../../src/io/postgres/migrate.js';
import { createPool } from '../../../src/io/postgres/pool.js';
import { loadConfig } from '../../../src/worker/config.js';
import { sharedStack } from '../../support/stack.js';
import { uniqueName } from '../../support/weir.js';

const database = uniqueName('windows').replaceAll('-', '_');
const reader = `${database}_reader`;
const { postgres } = loadConfig({ POSTGRES_URL: sharedStack().postgresUrl });
let admin: pg.Pool;
let pool: pg.Pool;

beforeAll(async () => {
  admin = createPool(postgres, 1);
  await admin.query(`create database ${database}`);
  pool = createPool({ ...postgres, database }, 1);
});
afterAll(async () => {
  await pool.end();
  await admin.query(`drop database ${database}`);
  await admin.query(`drop role ${reader}`);
  await admin.end();
});

it('keeps counts, what people are shown, and rights', async () => {
  await runner({
    databaseUrl: { ...postgres, database },
    dir: MIGRATIONS,
    direction: 'up',
    count: 9,
    migrationsSchema: 'weir',
    createMigrationsSchema: true,
    migrationsTable: 'migration',
    log: () => {},
  });
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

  expect(await migrate({ ...postgres, database })).toContain('10_hits_by_window');

  expect((await shown()).rows).toEqual(before);
  expect((await pool.query(counts.replace('%', 'weir.hit_counts'))).rows).toEqual(each);
  const { rows } = await pool.query(
    `select has_table_privilege('${reader}', 'public.aggregated_web_traffic', 'select') as reads,
            has_table_privilege('${reader}', 'weir.hits', 'insert') as writes,
            (select count(*)::int from weir.hits) as windows`,
  );
  expect(rows).toEqual([{ reads: true, writes: true, windows: 6 }]);
});
