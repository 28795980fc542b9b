/** sql/schema.sql is the schema that the migrations make: run with `-u` after a new migration, and look at the difference. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { migrate } from '../../../src/io/postgres/migrate.js';
import { createPool } from '../../../src/io/postgres/pool.js';
import { loadConfig } from '../../../src/worker/config.js';
import { schemaOf } from '../../support/schema.js';
import { sharedStack } from '../../support/stack.js';
import { uniqueName } from '../../support/weir.js';

describe('the migrations', () => {
  const database = uniqueName('schema').replaceAll('-', '_');
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
    await admin.end();
  });

  it('make the schema of sql/schema.sql, once, also when several run them at the same time', async () => {
    const ran = await Promise.all([1, 2, 3].map(() => migrate({ ...postgres, database })));
    expect(ran.flat()).toEqual([
      '1_weir',
      '2_sessions',
      '3_geo',
      '4_payload',
      '5_clicks',
      '6_regroup',
      '7_replay',
      '8_rejected',
      '9_topic_id',
      '10_hits_by_window',
    ]);
    await expect(await schemaOf(pool)).toMatchFileSnapshot(
      join(import.meta.dirname, '../../../sql/schema.sql'),
    );
  });
});
