import type pg from 'pg';
import { jobProgress, type PartitionProgress } from '../../io/postgres/jobProgress.js';
import { listJobs, type StoredJob } from '../../io/postgres/listJobs.js';
import { migrationsMissing } from '../../io/postgres/migrationsMissing.js';
import { missingRights } from '../../io/postgres/missingRights.js';
import { payloadFacts } from '../../io/postgres/payloadFacts.js';
import { answering, type PostgresConfig } from '../../io/postgres/pool.js';
import { resendStanding } from '../../io/postgres/resendStanding.js';
import { serverFacts, type ServerFacts } from '../../io/postgres/serverFacts.js';
import { ok, problem, warning, type Finding } from './check.js';

const OLDEST_VERSION = 150_000;
const CLOCK_WARNING_MS = 2000;
/** As the future guard of a job: records of a clock that is so far ahead are rejected. */
const CLOCK_PROBLEM_MS = 60_000;
const SHOWN = 5;

/** A job as the checks of Kafka need it. */
export interface KnownJob extends StoredJob {
  progress: PartitionProgress[];
}

/** Finds out how the database is, one question after the other: each needs what the one before it asks for. */
export async function checkPostgres(
  pool: pg.Pool,
  { postgres, job }: { postgres: PostgresConfig; job: string | null },
): Promise<{ findings: Finding[]; jobs: KnownJob[] | null }> {
  const asked = Date.now();
  const facts = await answering(postgres, () => serverFacts(pool));
  const answered = Date.now();
  const { host, port, database } = postgres;
  const findings = [
    facts.version < OLDEST_VERSION
      ? problem('Postgres', `version ${facts.versionText} at ${host}:${port}`, 'use version 15 or newer')
      : ok('Postgres', `version ${facts.versionText} at ${host}:${port}, database ${database}`),
    clock(facts, { asked, answered }),
  ];
  const { finding, isUsable } = await schema(pool);
  findings.push(finding);
  if (!isUsable) return { findings, jobs: null };
  const rights = await missingRights(pool);
  if (rights.length > 0) {
    const more = rights.length > SHOWN ? `, and ${rights.length - SHOWN} more` : '';
    const text = `this user lacks ${rights.slice(0, SHOWN).join(', ')}${more}`;
    findings.push(
      problem('Postgres rights', text, 'connect as the user that ran `weir migrate`, or grant them'),
    );
    return { findings, jobs: null };
  }
  findings.push(
    ok('Postgres rights', 'to read and to write all tables'),
    await payloads(pool),
    await resent(pool, job),
  );
  const jobs: KnownJob[] = [];
  for (const each of await listJobs(pool)) {
    if (job === null || each.name === job)
      jobs.push({ ...each, progress: await jobProgress(pool, { job: each.name, epoch: each.epoch }) });
  }
  findings.push(
    job !== null && jobs.length === 0
      ? problem('jobs', `there is no job ${job}`, 'take a name that `weir status` shows')
      : ok('jobs', jobs.length === 0 ? 'none was ever started' : jobs.map(({ name }) => name).join(', ')),
  );
  return { findings, jobs };
}

/** The answer was made at some time between the two. */
function clock({ now }: ServerFacts, { asked, answered }: { asked: number; answered: number }): Finding {
  const apartMs = now < asked ? asked - now : Math.max(0, now - answered);
  const text =
    apartMs === 0
      ? 'as here'
      : `${(apartMs / 1000).toFixed(1)} s ${now < asked ? 'behind' : 'ahead of'} this machine`;
  const todo =
    'let both machines take their time from the network (NTP): quiet partitions go on by the clock';
  if (apartMs > CLOCK_PROBLEM_MS) return problem('Postgres clock', text, todo);
  return apartMs > CLOCK_WARNING_MS ? warning('Postgres clock', text, todo) : ok('Postgres clock', text);
}

async function schema(pool: pg.Pool): Promise<{ finding: Finding; isUsable: boolean }> {
  const state = await migrationsMissing(pool);
  if (state === null)
    return {
      finding: problem('Postgres schema', 'there is no schema weir', 'run `weir migrate`'),
      isUsable: false,
    };
  const { missing, unknown } = state;
  if (missing.length > 0) {
    const finding = problem('Postgres schema', `lacks ${missing.join(', ')}`, 'run `weir migrate`');
    return { finding, isUsable: false };
  }
  if (unknown.length > 0) {
    const text = `newer than this build: it has ${unknown.join(', ')}`;
    return {
      finding: problem('Postgres schema', text, 'bring this build to the newest version'),
      isUsable: false,
    };
  }
  return { finding: ok('Postgres schema', 'that of this build'), isUsable: true };
}

async function payloads(pool: pg.Pool): Promise<Finding> {
  const { payloads: count, bytes, overdue } = await payloadFacts(pool);
  const text = `${count} in weir.payload, ${(bytes / 1e6).toFixed(1)} MB`;
  if (overdue === 0) return ok('large payloads', text);
  return warning(
    'large payloads',
    `${text}, ${overdue} of them unused for a month`,
    'run a worker: jobs delete them',
  );
}

async function resent(pool: pg.Pool, job: string | null): Promise<Finding> {
  const filter = { job, reason: null, partition: null, from: null, to: null };
  const { inDoubt, sent, late, cut, ready } = await resendStanding(pool, filter);
  const text = `${late} late, ${ready + cut + sent + inDoubt} others, of which ${sent} were sent again`;
  if (inDoubt === 0) return ok('rejected records', text);
  return warning(
    'rejected records',
    `${text} and ${inDoubt} are in doubt`,
    'see `weir rejected replay --help`, --again',
  );
}
