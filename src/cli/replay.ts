import {
  Client,
  Connection,
  type ConnectionOptions,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { Command } from 'commander';
import type { ReplayAnswer } from '../pipelines/replayInput.js';
import { loadConfig } from '../worker/config.js';
import { UsageError } from './options.js';

interface Options {
  job: string;
  from: string;
  delay?: string;
  gap?: string;
  dedupeWithin?: string;
  futureGuard?: string;
  lookBack?: string;
  partitions?: string;
  dryRun?: true;
  json?: true;
}

export function replayCommand(): Command {
  return new Command('replay')
    .summary('write results of a job again')
    .description(
      'Reads a part of the log again and writes every result that ends after a time again, with other rules perhaps. The job has to run.',
    )
    .requiredOption('--job <name>', "the job's workflow id")
    .requiredOption(
      '--from <time>',
      'results that end after it are written again, such as 2026-01-01T10:00:00Z',
    )
    .option('--delay <duration>', 'the delay from now on, such as 10m')
    .option('--gap <duration>', 'the gap from now on (sessions, clicks)')
    .option('--dedupe-within <duration>', 'how far copies are apart from now on (clicks)')
    .option('--future-guard <duration>', 'how far ahead an event may be from now on')
    .option('--look-back <duration>', 'so much before --from is read again, at least (default: 1h)')
    .option('--partitions <list>', 'only these partitions, such as 0,3')
    .option('--dry-run', 'only tell what would be read and written again')
    .option('--json', 'as JSON')
    .action(async ({ json, ...options }: Options) => {
      const answer = await ask(options);
      console.log(json ? JSON.stringify(answer, null, 2) : shown(answer));
    });
}

async function ask({ job, partitions, ...options }: Omit<Options, 'json'>): Promise<ReplayAnswer> {
  const { temporal } = loadConfig(process.env);
  const connection = await connected(temporal.connectionOptions);
  try {
    const client = new Client({ connection, namespace: temporal.namespace ?? 'default' });
    const input = partitions === undefined ? options : { ...options, partitions: numbers(partitions) };
    return await client.workflow
      .getHandle(job)
      .executeUpdate<ReplayAnswer, [object]>('replay', { args: [input] });
  } catch (error) {
    if (error instanceof WorkflowNotFoundError)
      throw new Error(`job ${job} does not run: start it, then ask again`, { cause: error });
    if (error instanceof WorkflowUpdateFailedError && error.cause)
      throw new Error(error.cause.message, { cause: error });
    throw error;
  } finally {
    await connection.close();
  }
}

async function connected(options: ConnectionOptions): Promise<Connection> {
  try {
    return await Connection.connect(options);
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`Temporal at ${options.address ?? 'localhost:7233'} does not answer (${message})`, {
      cause: error,
    });
  }
}

function numbers(list: string): number[] {
  const parts = list.split(',').map((part) => part.trim());
  if (!parts.every((part) => /^\d+$/.test(part)))
    throw new UsageError([`--partitions: "${list}" is not a list of numbers such as 0,3`]);
  return parts.map(Number);
}

function shown({ job, dryRun, epoch, changes, partitions, results }: ReplayAnswer): string {
  const changed = Object.entries(changes).map(([name, value]) => `${name} ${value}`);
  const count = results.toLocaleString('en');
  return [
    dryRun ? `${job} would be replayed (nothing has been changed)` : `${job} is replayed, in epoch ${epoch}`,
    ...(changed.length === 0 ? [] : [`  from now on: ${changed.join(', ')}`]),
    ...partitions.map(({ partition, from, offset, until }) => {
      const records = Math.max(0, until - offset).toLocaleString('en');
      const what = from === null ? 'nothing is written yet' : `results after ${from}`;
      return `  partition ${partition}: ${what}; reads offsets ${offset} to ${until} again (${records})`;
    }),
    `  ${count} ${count === '1' ? 'row' : 'rows'} of results: each is written again, or goes`,
  ].join('\n');
}
