import type { Queryable } from './pool.js';

/** The id of the topic that a job reads, as its start has entered it; null where it is not known, or there is no such job. */
export async function readTopicId(db: Queryable, job: string): Promise<string | null> {
  const { rows } = await db.query({
    name: 'weir-topic-id',
    text: 'select topic_id from weir.job where name = $1',
    values: [job],
  });
  return (rows[0] as { topic_id: string | null } | undefined)?.topic_id ?? null;
}
