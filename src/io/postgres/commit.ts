import type pg from 'pg';
import type { Commit } from '../../domain/commit.js';
import type { Stage } from '../../domain/member.js';
import type { PartitionKey } from './partitionKey.js';
import { inTransaction, type Queryable } from './pool.js';
import { PROGRESS_COLUMNS, progressOf } from './progressRow.js';
import { replace, type Results } from './replace.js';
import type { RowsStatement } from './rowsStatement.js';

/** `weir.progress` is neither as this commit expects it nor as it would leave it: another run has taken over, or something is wrong. */
export class Fenced extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Fenced';
  }
}

export interface CommitRequest<Rows> extends PartitionKey {
  owner: string;
  topic: string;
  /** Where the job's results are: in a replay, those of older epochs go. */
  results: Results;
  /** `rows` is null where there are none. */
  commit: Commit<Rows | null>;
}

const MOVE = (stage: Stage): string => `
  update weir.progress
  set number = number + 1, "offset" = $6, watermark = weir.instant($7), rebuild_from = $8, advances = $9,
      caught_up_since = weir.instant($10), ends_until = weir.instant($11),
      read = $12, accepted = $13, duplicate = $14, late = $15, rejected = $16, skipped = $17,
      pending = null, sources = $18, longest_ms = greatest(longest_ms, $19), updated_at = clock_timestamp()
  where job = $1 and stage = ${stage} and partition = $2 and epoch = $3 and owner = $4 and number = $5
  returning 1`;

const REJECTS = `
  insert into weir.rejected (job, epoch, partition, topic, "offset", reason, record_time, key, value, value_bytes)
  select $1, $3, $2, $20, r."offset", r.reason, weir.instant(r.record_time), r.key, r.value, r.value_bytes
  from unnest($21::bigint[], $22::text[], $23::bigint[], $24::bytea[], $25::bytea[], $26::int[])
    as r ("offset", reason, record_time, key, value, value_bytes)
  where exists (select from moved)
  on conflict do nothing`;

const FIRST_ROW_PARAMETER = 27;

const STANDING = `
  select owner, ${PROGRESS_COLUMNS} from weir.progress where job = $1 and stage = $4 and partition = $2 and epoch = $3`;

/**
 * One commit: rows, rejected and late records, and progress in one statement, so in one transaction and one round trip. Does nothing
 * when exactly this commit was already made; throws {@link Fenced} when progress is anything else than what it expects
 * (docs/semantics.md, writing).
 */
export async function commit(
  db: pg.Pool,
  request: CommitRequest<unknown>,
  rows: RowsStatement | null,
): Promise<void> {
  const { commit: what, job, stage = 1, partition, epoch, owner } = request;
  const rowCount = await write(db, request, rows);
  if (rowCount === 1) return;

  const standing = await db.query({
    name: 'weir-standing',
    text: STANDING,
    values: [job, partition, epoch, stage],
  });
  if (standing.rows.length === 0) throw new Fenced(`${where(request)}: weir.progress has no row for it`);
  const found = progressOf(standing.rows[0]);
  const foundOwner: string | null = standing.rows[0].owner;
  const alreadyMade =
    foundOwner === owner &&
    found.number === what.expects + 1 &&
    found.offset === what.offset &&
    found.watermark === what.watermark;
  if (alreadyMade) return;
  throw new Fenced(
    `${where(request)}: commit ${what.expects} to offset ${what.offset} by ${owner} found number ${found.number} at offset ` +
      `${found.offset}, watermark ${found.watermark}, owner ${foundOwner}`,
  );
}

const UNIQUE_VIOLATION = '23505';

/** What goes of older epochs goes in the same transaction. */
async function write(
  db: pg.Pool,
  request: CommitRequest<unknown>,
  rows: RowsStatement | null,
): Promise<number | null> {
  const { replaced = null } = request.commit;
  if (replaced === null) return writeNew(db, request, rows);
  return inTransaction(db, async (client) => {
    const { rowCount } = await client.query(statementOf(request, rows, true));
    if (rowCount === 1) await replace(client, request, replaced);
    return rowCount;
  });
}

/**
 * Rows are new, nearly always, since they come with the progress that says so, and inserting them plainly costs a quarter less. They are
 * there already where progress was set back (a backup of a part of the database).
 */
async function writeNew(
  db: Queryable,
  request: CommitRequest<unknown>,
  rows: RowsStatement | null,
): Promise<number | null> {
  try {
    return (await db.query(statementOf(request, rows, false))).rowCount;
  } catch (error) {
    if ((error as { code?: string }).code !== UNIQUE_VIOLATION) throw error;
    return (await db.query(statementOf(request, rows, true))).rowCount;
  }
}

function statementOf(
  request: CommitRequest<unknown>,
  rows: RowsStatement | null,
  rewrite: boolean,
): { name: string; text: string; values: unknown[] } {
  const { stage = 1, commit: what } = request;
  const { rejects } = what;
  const values = moveValues(request);
  if (rows === null && rejects.length === 0)
    return { name: `weir-commit-${stage}`, text: MOVE(stage), values };
  const tables = [`moved as (${MOVE(stage)}\n)`, `rejects as (${REJECTS}\n)`];
  values.push(request.topic, ...rejectValues(rejects));
  if (rows !== null) {
    tables.push(rows.tables(FIRST_ROW_PARAMETER, rewrite));
    values.push(...rows.values);
  }
  const name = `weir-commit-${stage}-${rows?.name ?? 'rejects'}${rewrite ? '-again' : ''}`;
  return { name, text: `with ${tables.join(', ')} select from moved`, values };
}

function where({ job, stage = 1, partition, epoch }: PartitionKey): string {
  return `${job}/${partition}, stage ${stage}, epoch ${epoch}`;
}

function moveValues({ job, partition, epoch, owner, commit: what }: CommitRequest<unknown>): unknown[] {
  const { read, accepted, duplicate, late, rejected, skipped } = what.counters;
  return [
    job,
    partition,
    epoch,
    owner,
    what.expects,
    what.offset,
    what.watermark,
    what.rebuildFrom,
    JSON.stringify(what.advances),
    what.caughtUpSince,
    what.endsUntil,
    read,
    accepted,
    duplicate,
    late,
    rejected,
    skipped,
    what.sources ? JSON.stringify(what.sources) : null,
    what.longestMs ?? 0,
  ];
}

function rejectValues(rejects: Commit<unknown>['rejects']): unknown[][] {
  return [
    rejects.map(({ offset }) => offset),
    rejects.map(({ reason }) => reason),
    rejects.map(({ timestampMs }) => timestampMs),
    rejects.map(({ key }) => bytes(key)),
    rejects.map(({ value }) => bytes(value)),
    rejects.map(({ valueBytes }) => valueBytes),
  ];
}

function bytes(base64: string | null): Buffer | null {
  return base64 === null ? null : Buffer.from(base64, 'base64');
}
