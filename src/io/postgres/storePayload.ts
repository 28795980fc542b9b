import type { Queryable } from './pool.js';

export interface StoredPayload {
  /** SHA-256 of `data`. */
  id: Buffer;
  /** Whose input, result or argument it is; null where that is not known. */
  workflowId: string | null;
  /** null for what was stored before its run began: an input. */
  runId: string | null;
  data: Uint8Array;
}

const STORE_PAYLOAD = `
  insert into weir.payload (id, workflow_id, run_id, data) values ($1, $2, $3, $4)
  on conflict (id) do update set used_at = now()`;

/** Stores a payload; one that is there already only counts as used now: a worker that replays a run stores everything again. */
export async function storePayload(
  db: Queryable,
  { id, workflowId, runId, data }: StoredPayload,
): Promise<void> {
  await db.query({ name: 'weir-store-payload', text: STORE_PAYLOAD, values: [id, workflowId, runId, data] });
}
