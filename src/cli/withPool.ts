import type pg from 'pg';
import { answering, createPool } from '../io/postgres/pool.js';
import { loadConfig, type Config } from '../worker/config.js';

/** Does `work` with one connection to the database of the configuration. */
export async function withPool<T>(work: (pool: pg.Pool, config: Config) => Promise<T>): Promise<T> {
  const config = loadConfig(process.env);
  const pool = createPool(config.postgres, 1);
  try {
    return await answering(config.postgres, () => work(pool, config));
  } finally {
    await pool.end();
  }
}
