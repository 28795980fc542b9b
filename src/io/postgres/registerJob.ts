import type pg from 'pg';
import { jobLine } from '../../domain/line.js';
import type { SourceStanding } from '../../domain/sources.js';
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
  /** How many targets records are regrouped to, where this is the first start; 0: none. */
  targets: number;
  /** Throws where a start with this configuration has to be refused, given what the first start stored. */
  admit: (stored: { config: Config; targets: number }) => void;
}

/**
 * Stores the job's configuration and enters its partitions in `weir.progress`, before any of them is read. A job that exists is
 * admitted or refused by `admit`; what a new start may change is stored. Returns the job's epoch, and the targets of its first start.
 */
export async function registerJob<Config>(
  pool: pg.Pool,
  registration: Registration<Config>,
): Promise<{ epoch: number; targets: number }> {
  const { name, pipeline, config, partitions, admit } = registration;
  return inTransaction(pool, async (client) => {
    await client.query(
      'insert into weir.job (name, pipeline, config, targets) values ($1, $2, $3, $4) on conflict do nothing',
      [name, pipeline, config, registration.targets],
    );
    const { rows } = await client.query(
      'select epoch, targets, config from weir.job where name = $1 for update',
      [name],
    );
    const [stored] = rows as [{ epoch: number; targets: number; config: Config }];
    const { epoch, targets } = stored;
    admit(stored);
    await client.query('update weir.job set config = $2 where name = $1', [name, config]);
    await addPartitions(client, { job: name, epoch, partitions, regrouped: targets > 0 });
    await addTargets(client, { job: name, epoch, partitions, targets });
    return { epoch, targets };
  });
}

/** Enters partitions that came later: they begin at the job's line (docs/semantics.md), so that it never goes back. */
export async function registerPartitions(
  pool: pg.Pool,
  request: { job: string; epoch: number; partitions: PartitionStart[]; regrouped: boolean },
): Promise<void> {
  await inTransaction(pool, (client) => addPartitions(client, request));
}

interface Added {
  job: string;
  epoch: number;
  partitions: PartitionStart[];
  /** Then one that comes later says hello first, and takes the line from there. */
  regrouped: boolean;
}

async function addPartitions(db: Queryable, { job, epoch, partitions, regrouped }: Added): Promise<void> {
  // The locks make commits wait: the line must not move on between reading it and entering the new rows.
  const { rows } = await db.query(
    'select weir.millis(watermark) as watermark from weir.progress where job = $1 and stage = 1 and epoch = $2 for update',
    [job, epoch],
  );
  const line = jobLine(rows.map((row) => row.watermark as number | null));
  const hello = regrouped && rows.length > 0;
  await db.query(
    `insert into weir.progress (job, partition, epoch, "offset", rebuild_from, watermark, pending)
     select $1, p.partition, $2, p.start_offset, p.start_offset, weir.instant($3), $6
     from unnest($4::int[], $5::bigint[]) as p (partition, start_offset)
     on conflict do nothing`,
    [
      job,
      epoch,
      hello ? null : line,
      partitions.map(({ partition }) => partition),
      partitions.map(({ startOffset }) => startOffset),
      hello ? '{"hello": true}' : null,
    ],
  );
}

/** Enters the targets of a regrouping; they have to hear of all partitions that are there at the first start. */
async function addTargets(
  db: Queryable,
  { job, epoch, partitions, targets }: Omit<Added, 'regrouped'> & { targets: number },
): Promise<void> {
  const sources = partitions.map(({ partition, startOffset }): SourceStanding => [
    partition,
    0,
    -1,
    null,
    startOffset,
  ]);
  await db.query(
    `insert into weir.progress (job, stage, partition, epoch, "offset", rebuild_from, sources)
     select $1, 2, target, $2, 0, 0, $4 from generate_series(0, $3::int - 1) as target
     on conflict do nothing`,
    [job, epoch, targets, JSON.stringify(sources)],
  );
}
