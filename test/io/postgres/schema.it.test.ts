/** sql/schema.sql is the schema that the migrations make: run with `-u` after a new migration, and look at the difference. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '../../../src/io/postgres/migrate.js';
import { createDatabase, type TestDatabase } from '../../support/database.js';
import { schemaOf } from '../../support/schema.js';

describe('the migrations', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase({ migrated: false, connections: 1 });
  });
  afterAll(() => database.drop());

  it('make the schema of sql/schema.sql, once, also when several run them at the same time', async () => {
    const ran = await Promise.all([1, 2, 3].map(() => migrate(database.config)));
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
    await expect(await schemaOf(database.pool)).toMatchFileSnapshot(
      join(import.meta.dirname, '../../../sql/schema.sql'),
    );
  });
});
