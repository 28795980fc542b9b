import { Command } from 'commander';
import { internalTopic } from '../io/kafka/internalTopic.js';
import { openMmdb } from '../io/geo/mmdb.js';
import { createPool } from '../io/postgres/pool.js';
import { loadConfig, type Config } from '../worker/config.js';
import { finding, ok, shownFindings, type Finding } from './doctor/check.js';
import { checkBrokers, checkTopic } from './doctor/kafka.js';
import { checkPostgres, type KnownJob } from './doctor/postgres.js';
import { checkTemporal } from './doctor/temporal.js';

/** Nothing that is still at work after the last check holds the command for longer. */
const END_AFTER_MS = 500;

export function doctorCommand(): Command {
  return new Command('doctor')
    .summary('check every server and setting')
    .description(
      'Checks that Postgres, Kafka and Temporal are as jobs need them. One line for each check: ok, warning, or problem, and ' +
        'behind -> what to do. Exit code 0 without a problem, 1 with one, 2 for a bad configuration. Changes nothing.',
    )
    .option('--job <name>', 'only the topic and the offsets of this job (default: of all jobs)')
    .option('--json', 'as JSON')
    .action(async ({ job, json }: { job?: string; json?: true }) => {
      const findings = await examine(loadConfig(process.env), job ?? null);
      console.log(json ? JSON.stringify(findings, null, 2) : shownFindings(findings));
      setTimeout(() => process.exit(), END_AFTER_MS).unref();
      const problems = findings.filter(({ status }) => status === 'problem').length;
      if (problems > 0) throw new Error(problems === 1 ? 'one problem' : `${problems} problems`);
    });
}

/** Servers are asked at the same time; which topics there are to look at stands in the database. */
async function examine(config: Config, job: string | null): Promise<Finding[]> {
  const { kafka, temporal, taskQueue, geo } = config;
  const database = examineDatabase(config, job);
  const brokers = finding('Kafka', {
    look: async () => [await checkBrokers(kafka)],
    todo: 'start Kafka, or correct KAFKA_URL',
  });
  const groups = await Promise.all([
    database.then(({ findings }) => findings),
    brokers,
    Promise.all([database, brokers]).then(([{ jobs }, found]) =>
      found.every(({ status }) => status === 'ok') ? examineTopics(config, jobs) : [],
    ),
    finding('Temporal', {
      look: () => checkTemporal({ temporal, taskQueue }),
      todo: 'start Temporal, or correct TEMPORAL_ADDRESS',
    }),
    finding('locations', { look: async () => [await checkLocations(geo)], todo: 'correct GEOIP_MMDB' }),
  ]);
  return groups.flat();
}

/** `jobs` is null where the database does not tell. */
async function examineDatabase(
  { postgres }: Config,
  job: string | null,
): Promise<{ findings: Finding[]; jobs: KnownJob[] | null }> {
  const pool = createPool(postgres, 1);
  let jobs: KnownJob[] | null = null;
  const findings = await finding('Postgres', {
    look: async () => {
      const found = await checkPostgres(pool, { postgres, job });
      ({ jobs } = found);
      return found.findings;
    },
    todo: 'start Postgres, or correct POSTGRES_URL, POSTGRES_USER and POSTGRES_PASSWORD',
  });
  void pool.end(); // not waited for: the server may not answer
  return { findings, jobs };
}

/** The topics of the jobs, their internal ones, and that of the setting. */
async function examineTopics({ kafka, topic }: Config, jobs: KnownJob[] | null): Promise<Finding[]> {
  const byTopic = new Map<string, KnownJob[]>(topic === null ? [] : [[topic, []]]);
  for (const job of jobs ?? []) byTopic.set(job.topic, [...(byTopic.get(job.topic) ?? []), job]);
  const regrouped = (jobs ?? []).filter(({ progress }) => progress.some(({ stage }) => stage === 2));
  const wanted = [
    ...[...byTopic].map(([name, readers]) => ({ topic: name, jobs: readers, stage: 1 as const })),
    ...regrouped.map((job) => ({
      topic: internalTopic(job.name, job.epoch),
      jobs: [job],
      stage: 2 as const,
    })),
  ];
  const groups = await Promise.all(
    wanted.map((each) =>
      finding(`topic ${each.topic}`, {
        look: () => checkTopic(kafka, each),
        todo: 'see that its partitions have leaders, and that this user may read it',
      }),
    ),
  );
  return groups.flat();
}

async function checkLocations({ mmdb, key }: Config['geo']): Promise<Finding> {
  const asked = key === null ? 'ip2location.io is not asked' : 'ip2location.io is asked for what is missing';
  if (mmdb.length === 0) return ok('locations', `no database is set, ${asked}`);
  const opened = await openMmdb(mmdb, { warn: () => undefined });
  opened.close();
  return ok('locations', `${mmdb.join(', ')} can be read, ${asked}`);
}
