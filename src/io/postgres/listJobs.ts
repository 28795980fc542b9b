import type { Queryable } from './pool.js';

export interface StoredJob {
  name: string;
  pipeline: string;
  topic: string;
  epoch: number;
}

/** Every job that was ever started, by name. */
export async function listJobs(db: Queryable): Promise<StoredJob[]> {
  const { rows } = await db.query(
    `select name, pipeline, config ->> 'topic' as topic, epoch from weir.job order by name`,
  );
  return rows as StoredJob[];
}
