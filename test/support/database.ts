/** A database of its own on the shared server: what is in it belongs to one test file. */
import type pg from 'pg';
import { migrate } from '../../src/io/postgres/migrate.js';
import { createPool, type PostgresConfig } from '../../src/io/postgres/pool.js';
import { loadConfig } from '../../src/worker/config.js';
import { sharedStack } from './stack.js';
import { uniqueName } from './weir.js';

export interface TestDatabase {
  url: string;
  config: PostgresConfig;
  pool: pg.Pool;
  drop(): Promise<void>;
}

export async function createDatabase({ migrated = true, connections = 4 } = {}): Promise<TestDatabase> {
  const database = uniqueName('db').replaceAll('-', '_');
  const { postgresUrl } = sharedStack();
  const { postgres } = loadConfig({ POSTGRES_URL: postgresUrl });
  const url = new URL(postgresUrl);
  url.pathname = `/${database}`;
  const config = { ...postgres, database };
  const admin = createPool(postgres, 1);
  await admin.query(`create database ${database}`);
  if (migrated) await migrate(config);
  const pool = createPool(config, connections);
  return {
    url: url.href,
    config,
    pool,
    async drop() {
      await pool.end();
      await admin.query(`drop database ${database} with (force)`);
      await admin.end();
    },
  };
}
