import type { Queryable } from './pool.js';

export interface CurrentEpoch<Config> {
  epoch: number;
  config: Config;
  /** How many targets it regroups to; 0: it does not. */
  targets: number;
  /** The replay that has begun it, as {@link beginEpoch} stored it. */
  replay: unknown;
}

/** The epoch of a job, and what the job is in it; null where there is no such job. */
export async function currentEpoch<Config>(db: Queryable, job: string): Promise<CurrentEpoch<Config> | null> {
  const { rows } = await db.query('select epoch, config, targets, replay from weir.job where name = $1', [
    job,
  ]);
  return (rows[0] as CurrentEpoch<Config> | undefined) ?? null;
}
