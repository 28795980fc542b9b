import type pg from 'pg';
import { latest, type Instant } from '../../domain/instant.js';
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
  /** Of the topic that the job reads; null or left out: not known, and what is stored stays. */
  topicId?: string | null;
  partitions: PartitionStart[];
  /** The targets that records are regrouped to, where this is the first start; none where they are not. */
  targets: PartitionStart[];
  /** Throws where a start with this configuration has to be refused, given what an earlier one stored: `isFirst`, this one. */
  admit: (stored: { config: Config; targets: number; topicId: string | null; isFirst: boolean }) => void;
}

/**
 * Stores the job's configuration and enters its partitions in `weir.progress`, before any of them is read. A job that exists is
 * admitted or refused by `admit`; what a new start may change is stored. Returns the job's epoch, and the targets of its first start.
 */
export async function registerJob<Config>(
  pool: pg.Pool,
  registration: Registration<Config>,
): Promise<{ epoch: number; targets: number }> {
  const { name, pipeline, config, topicId = null, partitions, admit, targets: firstTargets } = registration;
  return inTransaction(pool, async (client) => {
    const { rowCount } = await client.query(
      'insert into weir.job (name, pipeline, config, targets, topic_id) values ($1, $2, $3, $4, $5) on conflict do nothing',
      [name, pipeline, config, firstTargets.length, topicId],
    );
    const isFirst = rowCount === 1;
    const { rows } = await client.query(
      'select epoch, targets, config, topic_id as "topicId" from weir.job where name = $1 for update',
      [name],
    );
    const [stored] = rows as [{ epoch: number; targets: number; config: Config; topicId: string | null }];
    const { epoch, targets } = stored;
    admit({ ...stored, isFirst });
    await client.query('update weir.job set config = $2, topic_id = coalesce($3, topic_id) where name = $1', [
      name,
      config,
      topicId,
    ]);
    await addPartitions(client, { job: name, epoch, partitions, regrouped: targets > 0 });
    // Rows that somebody removed come back where nothing is passed over.
    const starts = isFirst ? firstTargets : fromZero(targets);
    await addTargets(client, { job: name, epoch, partitions, targets: starts });
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
  const current = await db.query('select epoch from weir.job where name = $1 for update', [job]);
  // A replay has begun another epoch meanwhile: that one takes them up.
  if (current.rows[0]?.epoch !== epoch) return;
  // The locks make commits wait: the line must not move on between reading it and entering the new rows.
  const { rows } = await db.query(
    'select epoch, weir.millis(watermark) as watermark from weir.progress where job = $1 and stage = 1 for update',
    [job],
  );
  const lineOf = (of: number): Instant | null =>
    jobLine(rows.filter((row) => row.epoch === of).map((row) => row.watermark as Instant | null));
  // In a replay, what was shown by the older epochs stays.
  const line = Array.from({ length: epoch + 1 }, (_, each) => lineOf(each)).reduce(latest, null);
  const hello = regrouped && rows.length > 0;
  await db.query(
    `insert into weir.progress (job, partition, epoch, "offset", rebuild_from, begins_at, watermark, pending)
     select $1, p.partition, $2, p.start_offset, p.start_offset, p.start_offset, weir.instant($3), $6
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
  { job, epoch, partitions, targets }: Omit<Added, 'regrouped'> & { targets: PartitionStart[] },
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
     select $1, 2, t.target, $2, t.start_offset, t.start_offset, $5
     from unnest($3::int[], $4::bigint[]) as t (target, start_offset)
     on conflict do nothing`,
    [
      job,
      epoch,
      targets.map(({ partition }) => partition),
      targets.map(({ startOffset }) => startOffset),
      JSON.stringify(sources),
    ],
  );
}

function fromZero(targets: number): PartitionStart[] {
  return Array.from({ length: targets }, (_, partition) => ({ partition, startOffset: 0 }));
}
