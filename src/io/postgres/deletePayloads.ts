import type { Queryable } from './pool.js';

/** As many as are deleted within a second: of a payload of 3 MB, Postgres deletes 1,500 pieces. */
export const DELETED_AT_ONCE = 100;

const DELETE_PAYLOADS = `
  delete from weir.payload where id in (
    select id
    from (
      select id, used_at,
        run_id is null and stored_at = max(stored_at) over (partition by workflow_id, run_id is null) as newest_input
      from weir.payload
    ) as payload
    where used_at <= now() - case when newest_input then interval '30 days' else interval '6 hours' end
    order by used_at
    limit $1
  )`;

/**
 * Deletes payloads that no run can need any more, the oldest {@link DELETED_AT_ONCE} of them; returns how many. A run needs its input as
 * long as it is open, and so does the run that follows its time-out of an hour, whenever a worker comes back. So the newest input of a
 * workflow stays for 30 days after its last use (it was stored or fetched), everything else for 6 hours.
 */
export async function deletePayloads(db: Queryable, atMost = DELETED_AT_ONCE): Promise<number> {
  const { rowCount } = await db.query({
    name: 'weir-delete-payloads',
    text: DELETE_PAYLOADS,
    values: [atMost],
  });
  return rowCount ?? 0;
}
