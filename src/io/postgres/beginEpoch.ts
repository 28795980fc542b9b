import type pg from 'pg';
import type { Instant } from '../../domain/instant.js';
import type { Stage } from '../../domain/member.js';
import { rewriteOf } from '../../domain/replay.js';
import type { SourceStanding } from '../../domain/sources.js';
import { inTransaction, type Queryable } from './pool.js';
import { PROGRESS_COLUMNS, progressOf } from './progressRow.js';

export interface EpochStart {
  job: string;
  /** The epoch that stops. */
  epoch: number;
  /** What the job is from now on. */
  config: unknown;
  /** How much larger its delay is than before. */
  delayGrewMs: number;
  /** And its gap: so much later results end. */
  gapGrewMs: number;
  members: { stage: Stage; partition: number; offset: number; from: Instant | null }[];
  /** What was asked for, by an id that is its own: who asks again hears that it has begun. */
  replay: { id: string };
}

/**
 * Begins a new epoch of a job: stops the old one, and enters what each member of the new one has to do. Nothing where this very replay has
 * begun it; throws where another one has.
 */
export async function beginEpoch(pool: pg.Pool, start: EpochStart): Promise<void> {
  await inTransaction(pool, async (client) => {
    const { job, epoch, config, replay } = start;
    const { rows } = await client.query('select epoch, replay from weir.job where name = $1 for update', [
      job,
    ]);
    const [stored] = rows as [{ epoch: number; replay: { id: string } | null }];
    if (stored.epoch === epoch + 1 && stored.replay?.id === replay.id) return;
    if (stored.epoch !== epoch)
      throw new Error(`job ${job} is at epoch ${stored.epoch}, not at ${epoch}: another replay has begun`);
    // Commits wait for this; then they find that they are nobody's.
    const { rowCount } = await client.query(
      'update weir.progress set owner = null, stopped = true where job = $1 and epoch = $2',
      [job, epoch],
    );
    // Registered since the replay was planned: another attempt plans it with that one.
    if (rowCount !== start.members.length)
      throw new Error(`job ${job} has gained a partition while its replay was planned`);
    for (const member of start.members) await enter(client, start, member);
    await client.query('update weir.job set epoch = $2, config = $3, replay = $4 where name = $1', [
      job,
      epoch + 1,
      config,
      replay,
    ]);
  });
}

const OLDER = `
  select longest_ms, begins_at, ${PROGRESS_COLUMNS}
  from weir.progress where job = $1 and stage = $2 and partition = $3 and epoch <= $4 order by epoch`;

const ENTER = `
  insert into weir.progress
    (job, stage, partition, epoch, "offset", rebuild_from, begins_at, advances, rewrite, paused, sources)
  values ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $10)`;

type OlderRow = Parameters<typeof progressOf>[0] & { longest_ms: number; begins_at: number };

async function enter(
  db: Queryable,
  { job, epoch, delayGrewMs, gapGrewMs, members }: EpochStart,
  { stage, partition, offset, from }: EpochStart['members'][number],
): Promise<void> {
  const { rows } = await db.query(OLDER, [job, stage, partition, epoch]);
  const older = rows as OlderRow[];
  const epochs = older.map((row) => ({ ...progressOf(row), longestMs: row.longest_ms }));
  const stopped = epochs.at(-1)!;
  const { begins_at: beginsAt, paused } = older.at(-1)!;
  const { rewrite, advances } = rewriteOf(from, stopped, { epochs, delayGrewMs, gapGrewMs });
  await db.query(ENTER, [
    job,
    stage,
    partition,
    epoch + 1,
    offset,
    beginsAt,
    // Targets hear of the clock from their sources.
    JSON.stringify(stage === 1 ? advances : []),
    // What targets read is another topic's.
    JSON.stringify(stage === 1 ? rewrite : { ...rewrite, untilOffset: 0 }),
    paused,
    stage === 1 ? null : JSON.stringify(sourcesOf(members)),
  ]);
}

/** None of which has been heard of yet. */
function sourcesOf(members: EpochStart['members']): SourceStanding[] {
  return members
    .filter(({ stage }) => stage === 1)
    .map(({ partition, offset }) => [partition, 0, -1, null, offset]);
}
