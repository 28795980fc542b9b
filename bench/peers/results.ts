/** Results of all engines as rows of one form, compared in the database with those of an exact pass over the topic. */
import type { Queryable } from '../../src/io/postgres/pool.js';
import type { JobName } from './engines.js';

/** Whose rows: those of a job of weir, of a run of a peer, or of the exact pass. The latter two have tables of the same form. */
export interface Source {
  of: 'weir' | 'peers' | 'exact';
  /** The job's name or the run's. */
  name: string;
}

const MS = (column: string): string => `(extract(epoch from ${column}) * 1000)::bigint`;

/** What all have in common, one text a row; how many events are in it, and from which watermark on it is final. $1 is the name. */
function projection(job: JobName, of: Source['of']): string {
  const ofWeir = of === 'weir';
  switch (job) {
    case 'hits': {
      const from = ofWeir ? 'public.aggregated_web_traffic where job = $1' : `${of}.hits where run = $1`;
      return `select row(${MS('window_start')}, host, referrer, num_hits)::text as line, num_hits as events, window_end as ends from ${from}`;
    }
    case 'sessions': {
      // What the peers call a session's end is the end of its gap.
      const end = ofWeir ? 'window_end' : 'session_end';
      const from = ofWeir ? 'public.user_sessions where job = $1' : `${of}.sessions where run = $1`;
      return `select row(user_id, ip, ${MS('session_start')}, ${MS(end)}, event_count)::text as line, event_count as events, ${end} as ends from ${from}`;
    }
    case 'clicks': {
      const from = ofWeir ? WEIRS_CLICKS : `${of}.clicks where run = $1`;
      return `select row(${MS('window_start')}, url, clicks, users)::text as line, clicks as events, window_start + interval '5 minutes' as ends from ${from}`;
    }
  }
}

/** Written by partition, country and user; the peers' rows have neither. */
const WEIRS_CLICKS = `
  (select bucket_start as window_start, url, sum(clicks)::bigint as clicks from weir.clicks where job = $1 group by 1, 2) as counted
  join (select bucket_start as window_start, url, count(distinct each) as users from weir.clicks, unnest(users) as each
        where job = $1 group by 1, 2) as known using (window_start, url)`;

/** The rows of one source, as they are compared. */
export interface Results {
  rows: number;
  /** The exact pass has so many more rows among those that an engine may keep back at the end of a topic. */
  open: number;
  /** Events that are missing from rows which every engine must have closed; below 0: counted more than once. */
  lost: number;
  /** Over the rows that every engine must have closed, whatever their order; 8 hexadecimal digits. */
  checksum: string;
}

interface Sums {
  rows: number;
  open: number;
  events: number;
  checksum: string;
}

/** Compares a source's rows with those of the exact pass over the topic. `closedBefore`, epoch ms: rows that end later may be missing. */
export async function compare(
  db: Queryable,
  { job, source, exact, closedBefore }: { job: JobName; source: Source; exact: Source; closedBefore: number },
): Promise<Results & { agrees: boolean }> {
  // Of tables that nothing is known about, Postgres may look at each pair of their rows.
  await db.query(`analyze ${TABLES}`);
  const found = await sumsOf(db, { job, source, closedBefore });
  const wanted = await sumsOf(db, { job, source: exact, closedBefore });
  return {
    rows: found.rows,
    open: wanted.open - found.open,
    lost: wanted.events - found.events,
    checksum: found.checksum,
    agrees: found.checksum === wanted.checksum,
  };
}

async function sumsOf(
  db: Queryable,
  { job, source: { of, name }, closedBefore }: { job: JobName; source: Source; closedBefore: number },
): Promise<Sums> {
  const { rows } = await db.query<Sums>(checksumSql(projection(job, of)), [name, closedBefore]);
  return rows[0]!;
}

/**
 * Sums up a projection: line (text), events (bigint) and ends (timestamptz) of each row. $2, epoch ms: rows that end later are only
 * counted. The checksum is a sum of the lines' hashes: the order of rows does not matter, and a doubled row shows.
 */
export function checksumSql(projection: string): string {
  return `with found as (${projection}),
       judged as (select *, ends <= to_timestamp($2::float8 / 1000) as closed from found)
  select count(*)::int as rows,
         count(*) filter (where not closed)::int as open,
         coalesce(sum(events) filter (where closed), 0)::float8 as events,
         lpad(to_hex((coalesce(sum(hashtextextended(line, 0)) filter (where closed), 0) % 4294967296 + 4294967296)::bigint
              & 4294967295), 8, '0') as checksum
  from judged`;
}

/** Makes the peers' tables twice, in schemas of their own: for the peers, and for exact passes. */
export async function makeTables(db: Queryable, schemaSql: string): Promise<void> {
  for (const schema of ['peers', 'exact'])
    await db.query(
      `drop schema if exists ${schema} cascade; create schema ${schema}; set search_path to ${schema}; ${schemaSql}; reset search_path`,
    );
}

const TABLES = 'peers.hits, peers.sessions, peers.clicks, weir.hits, public.user_sessions, weir.clicks';

/** Every run begins with empty tables, and with nothing left to be flushed of what was written before. */
export async function emptyTables(db: Queryable): Promise<void> {
  await db.query(`truncate ${TABLES}`);
  await db.query('checkpoint');
}
