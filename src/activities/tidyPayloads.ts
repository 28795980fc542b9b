import { DELETED_AT_ONCE, deletePayloads } from '../io/postgres/deletePayloads.js';
import type { Queryable } from '../io/postgres/pool.js';

const EVERY_MS = 600_000;

/**
 * A function that deletes payloads that nobody needs any more: at most every ten minutes, and at its next call where there were more than
 * it deletes at once. So what is stored stays bounded, however many jobs ask for it.
 */
export function createTidyPayloads(
  db: Queryable,
  { now = Date.now }: { now?: () => number } = {},
): () => Promise<void> {
  let next = -Infinity;
  return async () => {
    if (now() < next) return;
    next = now() + EVERY_MS; // first, or all surveys of this moment would do it
    const deleted = await deletePayloads(db);
    if (deleted === DELETED_AT_ONCE) next = -Infinity;
  };
}
