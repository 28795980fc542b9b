/** Which payloads stay (docs/architecture.md, payloads). All in one transaction: in it `now()` stands still, and nobody else sees it. */
import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { deletePayloads } from '../../../src/io/postgres/deletePayloads.js';
import { fetchPayloads } from '../../../src/io/postgres/fetchPayloads.js';
import { migrate } from '../../../src/io/postgres/migrate.js';
import { createPool } from '../../../src/io/postgres/pool.js';
import { storePayload } from '../../../src/io/postgres/storePayload.js';
import { loadConfig } from '../../../src/worker/config.js';
import { sharedStack } from '../../support/stack.js';

/** How long ago, as Postgres reads it. */
interface Age {
  stored?: string;
  used?: string;
}

describe('weir.payload', () => {
  let pool: pg.Pool;
  let db: pg.PoolClient;

  beforeAll(async () => {
    const { postgres } = loadConfig({ POSTGRES_URL: sharedStack().postgresUrl });
    await migrate(postgres);
    pool = createPool(postgres, 1);
  });
  afterAll(() => pool.end());
  beforeEach(async () => {
    db = await pool.connect();
    await db.query('begin');
    await db.query('delete from weir.payload');
  });
  afterEach(async () => {
    await db.query('rollback');
    db.release();
  });

  const idOf = (name: string) => createHash('sha256').update(name).digest();

  /** A payload that was stored and last used so long ago. */
  async function put(
    name: string,
    { workflow = 'hits/0', run, stored = '0', used }: Age & { workflow?: string; run?: string },
  ): Promise<void> {
    await storePayload(db, {
      id: idOf(name),
      workflowId: workflow,
      runId: run ?? null,
      data: Buffer.from(name),
    });
    await db.query(
      'update weir.payload set stored_at = now() - $2::interval, used_at = now() - $3::interval where id = $1',
      [idOf(name), stored, used ?? stored],
    );
  }

  const left = async (): Promise<string[]> => {
    const { rows } = await db.query("select convert_from(data, 'utf8') as name from weir.payload order by 1");
    return rows.map((row) => row.name as string);
  };

  const ageOf = async (name: string): Promise<unknown> => {
    const { rows } = await db.query(
      'select now() - used_at = $2::interval as same from weir.payload where id = $1',
      [idOf(name), '0'],
    );
    return rows[0]?.same;
  };

  describe('what is deleted', () => {
    it('an input that a newer one has followed: exactly 6 hours after its last use', async () => {
      await put('newest', {});
      await put('a', { stored: '6 hours' });
      await put('b', { stored: '5 hours 59 minutes 59.999 seconds' });
      await put('used since', { stored: '7 hours', used: '5 hours' });
      expect(await deletePayloads(db)).toBe(1);
      expect(await left()).toEqual(['b', 'newest', 'used since']);
    });

    it('the newest input of a workflow: exactly 30 days after its last use', async () => {
      await put('of 0', { workflow: 'hits/0', stored: '30 days' });
      await put('of 1', { workflow: 'hits/1', stored: '29 days 23:59:59.999' });
      await put('of 2', { workflow: 'hits/2', stored: '40 days', used: '29 days' });
      expect(await deletePayloads(db)).toBe(1);
      expect(await left()).toEqual(['of 1', 'of 2']);
    });

    it('what belongs to a run: after 6 hours, and it makes no input the second newest', async () => {
      await put('input', { stored: '20 hours' });
      await put('result', { run: 'run-1', stored: '10 hours' });
      expect(await deletePayloads(db)).toBe(1);
      expect(await left()).toEqual(['input']);
    });

    it('the newest is the one that was first stored last, even when an older one was used since', async () => {
      await put('older', { stored: '12 hours', used: '7 hours' });
      await put('newest', { stored: '11 hours', used: '11 hours' });
      expect(await deletePayloads(db)).toBe(1);
      expect(await left()).toEqual(['newest']);
    });

    it('the oldest first, and not more at once than is said', async () => {
      await put('newest', {});
      for (const hours of [7, 9, 8]) await put(`${hours} hours`, { stored: `${hours} hours` });
      expect(await deletePayloads(db, 2)).toBe(2);
      expect(await left()).toEqual(['7 hours', 'newest']);
      expect(await deletePayloads(db, 2)).toBe(1);
      expect(await deletePayloads(db, 2)).toBe(0);
    });
  });

  describe('what counts as use', () => {
    it('storing it again, which changes nothing else', async () => {
      await put('state', { stored: '5 hours' });
      await storePayload(db, { id: idOf('state'), workflowId: 'x', runId: 'y', data: Buffer.from('z') });
      expect(await ageOf('state')).toBe(true);
      const { rows } = await db.query(
        `select workflow_id, run_id, now() - stored_at = interval '5 hours' as same from weir.payload`,
      );
      expect(rows).toEqual([{ workflow_id: 'hits/0', run_id: null, same: true }]);
      expect(await left()).toEqual(['state']);
    });

    it('fetching it; noted when the last use was more than exactly 10 minutes ago', async () => {
      await put('just now', { workflow: 'a', stored: '10 minutes' });
      await put('before', { workflow: 'b', stored: '10 minutes 0.001 seconds' });
      const ids = ['just now', 'before'].map((name) => idOf(name).toString('hex'));
      const found = await fetchPayloads(db, [...ids, 'ab'.repeat(32)]);
      expect(ids.map((id) => found.get(id)?.toString())).toEqual(['just now', 'before']);
      expect(found.size).toBe(2);
      expect([await ageOf('just now'), await ageOf('before')]).toEqual([false, true]);
    });
  });
});
