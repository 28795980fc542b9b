import type { QueuedAddress } from './geoTakeNext.js';
import type { Queryable } from './pool.js';

const PAGE = 'select ip, spellings from weir.geo_queue where ip > $1 order by ip limit 1000';

/** The next addresses of the queue behind `after` (at first `''`), in the order of their texts; empty at the end. */
export async function queuePage(db: Queryable, after: string): Promise<QueuedAddress[]> {
  const { rows } = await db.query({ name: 'weir-geo-page', text: PAGE, values: [after] });
  return rows as QueuedAddress[];
}
