/** A transaction whose connection breaks (docs/semantics.md, starting again: a server that is away is waited for). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { createPool, inTransaction } from '../../../src/io/postgres/pool.js';
import { loadConfig } from '../../../src/worker/config.js';
import { sharedStack } from '../../support/stack.js';
import { eventually } from '../../support/weir.js';

describe('inTransaction', () => {
  let pool: pg.Pool;
  beforeAll(() => {
    pool = createPool(loadConfig({ POSTGRES_URL: sharedStack().postgresUrl }).postgres, 2);
  });
  afterAll(() => pool.end());

  it('fails, and the process lives, where its connection breaks between two statements', async () => {
    let pid = 0;
    const work = inTransaction(pool, async (client) => {
      const { rows } = await client.query('select pg_backend_pid() as pid');
      ({ pid } = rows[0]);
      await pool.query('select pg_terminate_backend($1)', [pid]);
      await eventually('the connection to be gone', async () => {
        const found = await pool.query('select from pg_stat_activity where pid = $1', [pid]);
        return found.rows.length === 0;
      });
      await client.query('select 1');
    });
    await expect(work).rejects.toThrow();
    // Nobody gets that connection again.
    await eventually('another connection', async () => {
      const { rows } = await pool.query('select pg_backend_pid() as pid');
      return rows[0].pid !== pid;
    });
    await expect(inTransaction(pool, async (client) => client.query('select 1'))).resolves.toBeDefined();
  });
});
