import type pg from 'pg';
import { jobLine } from '../../domain/line.js';
import { inTransaction, type Queryable } from './pool.js';

export interface PartitionStart {
  partition: number;
  /** Where reading begins. */
  startOffset: number;
}

export interface Registration<Config> {
  name: string;
  pipeline: string;
  config: Config;
  partitions: PartitionStart[];
  /** Throws where a start with this configuration has to be refused, given the one that the first start stored. */
  admit: (stored: Config) => void;
}

/**
 * Stores the job's configuration and enters its partitions in `weir.progress`, before any of them is read. A job that exists is
 * admitted or refused by `admit`; what a new start may change is stored. Returns the job's epoch.
 */
export async function registerJob<Config>(
  pool: pg.Pool,
  registration: Registration<Config>,
): Promise<number> {
  const { name, pipeline, config, partitions, admit } = registration;
  return inTransaction(pool, async (client) => {
    await client.query(
      'insert into weir.job (name, pipeline, config) values ($1, $2, $3) on conflict do nothing',
      [name, pipeline, config],
    );
    const { rows } = await client.query('select epoch, config from weir.job where name = $1 for update', [
      name,
    ]);
    const [{ epoch, config: stored }] = rows as [{ epoch: number; config: Config }];
    admit(stored);
    await client.query('update weir.job set config = $2 where name = $1', [name, config]);
    await addPartitions(client, { job: name, epoch, partitions });
    return epoch;
  });
}

/** Enters partitions that came later: they begin at the job's line (docs/semantics.md), so that it never goes back. */
export async function registerPartitions(
  pool: pg.Pool,
  request: { job: string; epoch: number; partitions: PartitionStart[] },
): Promise<void> {
  await inTransaction(pool, (client) => addPartitions(client, request));
}

async function addPartitions(
  db: Queryable,
  { job, epoch, partitions }: { job: string; epoch: number; partitions: PartitionStart[] },
): Promise<void> {
  // The locks make commits wait: the line must not move on between reading it and entering the new rows.
  const { rows } = await db.query(
    'select weir.millis(watermark) as watermark from weir.progress where job = $1 and stage = 1 and epoch = $2 for update',
    [job, epoch],
  );
  const line = jobLine(rows.map((row) => row.watermark as number | null));
  await db.query(
    `insert into weir.progress (job, partition, epoch, "offset", rebuild_from, watermark)
     select $1, p.partition, $2, p.start_offset, p.start_offset, weir.instant($3)
     from unnest($4::int[], $5::bigint[]) as p (partition, start_offset)
     on conflict do nothing`,
    [
      job,
      epoch,
      line,
      partitions.map(({ partition }) => partition),
      partitions.map(({ startOffset }) => startOffset),
    ],
  );
}
