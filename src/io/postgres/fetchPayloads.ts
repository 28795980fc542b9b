import type { Queryable } from './pool.js';

/** A fetch rarely costs a write: that it happened is noted every ten minutes. */
const FETCH_PAYLOADS = `
  with used as (
    update weir.payload set used_at = now() where id = any($1) and used_at < now() - interval '10 minutes'
  )
  select encode(id, 'hex') as id, data from weir.payload where id = any($1)`;

/** The data of payloads by their ids in hex, and notes that they are still used. Those that are gone are missing in the answer. */
export async function fetchPayloads(db: Queryable, ids: readonly string[]): Promise<Map<string, Buffer>> {
  const { rows } = await db.query({
    name: 'weir-fetch-payloads',
    text: FETCH_PAYLOADS,
    values: [ids.map((id) => Buffer.from(id, 'hex'))],
  });
  return new Map((rows as { id: string; data: Buffer }[]).map(({ id, data }) => [id, data]));
}
