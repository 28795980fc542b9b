import type { Queryable } from './pool.js';

export interface StoredJob {
  name: string;
  pipeline: string;
  topic: string;
  epoch: number;
  /** Up to where results are final; null: nothing is yet. */
  line: number | null;
}

/** Every job that was ever started, by name. */
export async function listJobs(db: Queryable): Promise<StoredJob[]> {
  const { rows } = await db.query(
    `select j.name, j.pipeline, j.config ->> 'topic' as topic, j.epoch, weir.millis(l.line) as line
     from weir.job j left join weir.line l on l.job = j.name order by j.name`,
  );
  return rows as StoredJob[];
}
