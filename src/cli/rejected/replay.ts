import { createInterface } from 'node:readline/promises';
import Table from 'cli-table3';
import { Command } from 'commander';
import type pg from 'pg';
import type { KafkaConfig } from '../../io/kafka/config.js';
import { openResender } from '../../io/kafka/resender.js';
import { createTopicAdmin } from '../../io/kafka/topics.js';
import { takeResendLock } from '../../io/postgres/resendLock.js';
import { resendPlan, type Resendable } from '../../io/postgres/resendPlan.js';
import { resendStanding, type ResendStanding } from '../../io/postgres/resendStanding.js';
import { OptionReader } from '../options.js';
import { findLate, lateSentence } from './lateAdvice.js';
import { filterOf, withFilter, type FilterOptions } from './options.js';
import { counted, InDoubt, sendAgain, type Outcome } from './sendAgain.js';
import { withPool } from '../withPool.js';

const DEFAULT_LIMIT = 10_000;

interface ReplayOptions extends FilterOptions {
  limit?: string;
  dryRun?: true;
  yes?: true;
  again?: true;
  keepTime?: true;
  json?: true;
}

export function replayCommand(): Command {
  return withFilter(new Command('replay'))
    .summary('send them to their topic again')
    .description(
      'Sends records to the topic and partition that they came from again, with their key and value, each once. ' +
        'Late records are not sent: a replay of the job covers them, whose command is printed.',
    )
    .option(
      '--limit <n>',
      `at most so many, those that were rejected first (default: ${DEFAULT_LIMIT.toLocaleString('en')})`,
    )
    .option('--dry-run', 'only say what would be sent')
    .option('--yes', 'do not ask first')
    .option(
      '--again',
      'send those in doubt, and no others: the command died before it noted that they were sent',
    )
    .option('--keep-time', "with the record's own time stamp, not that of now")
    .option('--json', 'as JSON')
    .action(replay);
}

async function replay(options: ReplayOptions): Promise<void> {
  const read = new OptionReader();
  const filter = filterOf(options, read, Date.now());
  const limit = read.integer('--limit', options.limit) ?? DEFAULT_LIMIT;
  read.finish();
  const again = options.again === true;
  await withPool(async (pool, { kafka }) => {
    const standing = await resendStanding(pool, filter);
    const planned = await resendPlan(pool, { filter, again, limit });
    const { records, problems } = await thoseWithPlace(kafka, planned);
    const late = standing.late === 0 ? [] : await findLate(pool, filter);
    const notes = [...problems, ...leftOut(standing, again), ...late.map(lateSentence)];
    const say = (sentence: string): void => console[options.json ? 'error' : 'log'](sentence);
    if (records.length > 0) say(shownPlan(records));
    notes.forEach(say);
    const isToBeSent =
      records.length > 0 && !options.dryRun && (options.yes || (await isWanted(records.length)));
    if (!isToBeSent) {
      if (options.json) console.log(JSON.stringify({ wouldSend: records.length, standing, late }, null, 2));
      else if (records.length === 0 && late.length === 0) say('nothing to send');
      return;
    }
    const { sent, gone, refused } = await send(pool, { kafka, records, options });
    if (options.json) console.log(JSON.stringify({ sent, gone, refused, late }, null, 2));
    else console.log(`${counted(sent)} sent again`);
    if (gone > 0)
      say(
        `${counted(gone)} left out: claimed by another run in the meantime, or not in weir.rejected any more`,
      );
    if (refused.length > 0)
      throw new Error(`the broker refused, and none of these was sent: ${refused.join('; ')}`);
    if (sent + gone < records.length)
      throw new Error(`stopped before the rest, ${counted(records.length - sent - gone)}`);
  });
}

/** What is among the records of the choice and is not sent, and why. */
function leftOut({ sent, inDoubt, cut }: ResendStanding, again: boolean): string[] {
  const sentences: string[] = [];
  if (sent > 0) sentences.push(`${counted(sent)} not sent: sent again before.`);
  if (inDoubt > 0 && !again) {
    sentences.push(
      `${counted(inDoubt)} not sent: in doubt. A run died before it noted that they were sent, or is sending them now; look ` +
        'whether they are in the topic, and send those that are not with --again.',
    );
  }
  if (cut > 0)
    sentences.push(
      `${counted(cut)} not sent: of their values only the first 1 MiB is kept. Send them from where they came from.`,
    );
  return sentences;
}

/** Leaves out what has no topic or partition to go to, and says so. */
async function thoseWithPlace(
  kafka: KafkaConfig,
  planned: readonly Resendable[],
): Promise<{ records: Resendable[]; problems: string[] }> {
  const partitions = new Map<string, Set<number>>();
  const topics = createTopicAdmin(kafka);
  try {
    for (const topic of new Set(planned.map((each) => each.topic))) {
      const found = await topics.describe(topic);
      partitions.set(topic, new Set(found?.partitions.map(({ partition }) => partition)));
    }
  } finally {
    await topics.close();
  }
  const hasPlace = ({ topic, partition }: Resendable): boolean => partitions.get(topic)!.has(partition);
  const lost = new Set(
    planned.filter((each) => !hasPlace(each)).map(({ topic, partition }) => `${topic}/${partition}`),
  );
  const problems = [...lost].map((name) => `Records of ${name} are not sent: Kafka has no such partition.`);
  return { records: planned.filter(hasPlace), problems };
}

function shownPlan(records: readonly Resendable[]): string {
  const counts = new Map<string, number>();
  for (const { job, topic, partition } of records) {
    const name = JSON.stringify([job, topic, partition]);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const table = new Table({
    head: ['job', 'topic', 'partition', 'records to send'],
    style: { head: [], border: [] },
  });
  for (const [name, count] of counts) table.push([...(JSON.parse(name) as string[]), count]);
  return table.toString();
}

/** Asks where there is somebody to ask. */
async function isWanted(records: number): Promise<boolean> {
  if (!process.stdin.isTTY) return true;
  const questions = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await questions.question(`Send ${counted(records)} again? [y/N] `)).trim());
  } finally {
    questions.close();
  }
}

async function send(
  pool: pg.Pool,
  request: {
    kafka: KafkaConfig;
    records: readonly Resendable[];
    options: ReplayOptions;
  },
): Promise<Outcome> {
  const { kafka, records, options } = request;
  const session = await pool.connect();
  session.on('error', () => {}); // the next statement fails with the reason
  let isStopped = false;
  const stop = (): void => void (isStopped = true);
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    if (!(await takeResendLock(session)))
      throw new Error('another `weir rejected replay` is at work on this database: wait until it has ended');
    const resender = await openResender(kafka);
    try {
      return await sendAgain({
        session,
        resender,
        records,
        again: options.again === true,
        keepTime: options.keepTime === true,
        stopped: () => isStopped,
      });
    } finally {
      await resender.close();
    }
  } catch (error) {
    if (!(error instanceof InDoubt)) throw error;
    throw new Error(
      `in doubt, sent or not: ${error.message}. See \`weir rejected list\`; --again sends what is in doubt`,
      { cause: error },
    );
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    session.release(true); // the lock goes with the session
  }
}
