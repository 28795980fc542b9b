/** What a source of a regrouping is about to publish, in `weir.progress` (docs/semantics.md, regrouping). */
import type { Progress } from '../../domain/commit.js';
import type { Pending } from '../../domain/sources.js';
import { Fenced } from './commit.js';
import type { PartitionKey } from './partitionKey.js';
import type { Queryable } from './pool.js';
import { PROGRESS_COLUMNS, progressOf } from './progressRow.js';

const STANDING = `
  select owner, ${PROGRESS_COLUMNS} from weir.progress where job = $1 and stage = 1 and partition = $2 and epoch = $3`;

/** How far a source is committed, and what is pending; throws {@link Fenced} where it is not `owner`'s any more. */
export async function readSource(
  db: Queryable,
  { job, partition, epoch }: PartitionKey,
  owner: string,
): Promise<Progress> {
  const { rows } = await db.query({ name: 'weir-source', text: STANDING, values: [job, partition, epoch] });
  const row = rows[0] as (Parameters<typeof progressOf>[0] & { owner: string | null }) | undefined;
  if (row?.owner !== owner) {
    throw new Fenced(
      `${job}/${partition}, epoch ${epoch}: belongs to ${row?.owner ?? 'nobody'}, not to ${owner}`,
    );
  }
  return progressOf(row);
}

const FIX = `
  update weir.progress set pending = $6
  where job = $1 and stage = 1 and partition = $2 and epoch = $3 and owner = $4 and number = $5 and pending is null`;

/** Writes down what is to be published behind commit `number`; false where something is already, or the commit is another. */
export async function fixPending(
  db: Queryable,
  { job, partition, epoch }: PartitionKey,
  { owner, number, pending }: { owner: string; number: number; pending: Pending },
): Promise<boolean> {
  const { rowCount } = await db.query({
    name: 'weir-fix-pending',
    text: FIX,
    values: [job, partition, epoch, owner, number, JSON.stringify(pending)],
  });
  return rowCount === 1;
}

/**
 * The job's line over the sources that have been read before, with what they are about to publish: what was published may be ahead of
 * what is committed. None while one of them has no watermark.
 */
const JOIN_LINE = `
  with line as (
    select case when bool_and(at is not null) then min(at) end as at
    from (
      select greatest(weir.millis(watermark), (pending ->> 'watermark')::bigint) as at
      from weir.progress
      where job = $1 and stage = 1 and epoch = $3 and partition <> $2 and coalesce(pending ->> 'hello', 'false') <> 'true'
    ) as others
  )
  update weir.progress set number = number + 1, watermark = weir.instant(line.at),
    pending = case when line.at is not null then jsonb_build_object('number', number + 2, 'to', "offset", 'from', line.at, 'watermark', line.at) end
  from line
  where job = $1 and stage = 1 and partition = $2 and epoch = $3 and owner = $4 and number = $5 and pending ->> 'hello' = 'true'`;

/** A source that said hello takes over the job's line, and is about to publish it. */
export async function joinLine(
  db: Queryable,
  { job, partition, epoch }: PartitionKey,
  { owner, number }: { owner: string; number: number },
): Promise<void> {
  await db.query({ name: 'weir-join-line', text: JOIN_LINE, values: [job, partition, epoch, owner, number] });
}
