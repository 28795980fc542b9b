import Table from 'cli-table3';
import { Command } from 'commander';
import { formatInstant } from '../domain/instant.js';
import { openUntil } from '../domain/commit.js';
import { isRewriting } from '../domain/rewrite.js';
import { internalTopic } from '../io/kafka/internalTopic.js';
import { createTopicAdmin, type TopicAdmin } from '../io/kafka/topics.js';
import { jobProgress, type PartitionProgress } from '../io/postgres/jobProgress.js';
import { listJobs, type StoredJob } from '../io/postgres/listJobs.js';
import { answering, createPool } from '../io/postgres/pool.js';
import { loadConfig, type Config } from '../worker/config.js';
import { UsageError } from './options.js';

interface PartitionStatus extends PartitionProgress {
  endOffset: number | null;
}

interface JobStatus extends StoredJob {
  partitions: PartitionStatus[];
}

export function statusCommand(): Command {
  return new Command('status')
    .summary('how far jobs are')
    .description('Shows how far each partition of the jobs is committed, and how much is left to read.')
    .argument('[job]', 'the workflow id of one job (default: all)')
    .option('--json', 'as JSON, instants in epoch milliseconds')
    .action(async (name: string | undefined, { json }: { json?: true }) => {
      const jobs = await statusOf(loadConfig(process.env), name);
      if (json) console.log(JSON.stringify(jobs, null, 2));
      else for (const job of jobs) console.log(shown(job));
    });
}

async function statusOf(config: Config, name: string | undefined): Promise<JobStatus[]> {
  const pool = createPool(config.postgres, 1);
  const topics = createTopicAdmin(config.kafka);
  try {
    const jobs = (await answering(config.postgres, () => listJobs(pool))).filter(
      (job) => name === undefined || job.name === name,
    );
    if (jobs.length === 0)
      throw new UsageError([name === undefined ? 'no job was ever started' : `there is no job ${name}`]);
    const statuses: JobStatus[] = [];
    for (const job of jobs) {
      const progress = await jobProgress(pool, { job: job.name, epoch: job.epoch });
      const isRegrouped = progress.some(({ stage }) => stage === 2);
      const none = new Map<number, number>();
      const ends = {
        1: await endOffsets(topics, job.topic),
        2: isRegrouped ? await endOffsets(topics, internalTopic(job.name, job.epoch)) : none,
      };
      const partitions = progress.map((each) => ({
        ...each,
        endOffset: ends[each.stage].get(each.partition) ?? null,
      }));
      statuses.push({ ...job, partitions });
    }
    return statuses;
  } finally {
    await Promise.all([pool.end(), topics.close()]);
  }
}

/** Empty where the topic is gone or Kafka does not answer: what is committed is shown all the same. */
async function endOffsets(topics: TopicAdmin, topic: string): Promise<Map<number, number>> {
  try {
    const description = await topics.describe(topic);
    return new Map(description?.partitions.map(({ partition, endOffset }) => [partition, endOffset]));
  } catch (error) {
    console.error(`weir status: ${(error as Error).message}`);
    return new Map();
  }
}

function stateOf({ paused = null, rewrite = null, ...reach }: PartitionStatus): string {
  if (paused !== null) return `paused: ${paused}`;
  return rewrite !== null && isRewriting(rewrite, reach) ? 'replaying' : '';
}

function shown({ name, pipeline, topic, line, partitions }: JobStatus): string {
  const table = new Table({
    head: ['partition', 'offset', 'end', 'lag', 'watermark', 'open until', 'read', 'late', 'rejected', ''],
    style: { head: [], border: [] },
  });
  for (const each of partitions) {
    const { stage, partition, offset, endOffset, watermark, endsUntil, counters } = each;
    table.push([
      stage === 1 ? partition : `target-${partition}`,
      offset,
      endOffset ?? '?',
      endOffset === null ? '?' : Math.max(0, endOffset - offset),
      formatInstant(watermark) ?? '-',
      formatInstant(openUntil({ endsUntil, watermark })) ?? '-',
      counters.read,
      counters.late,
      counters.rejected,
      stateOf(each),
    ]);
  }
  return `${name}: ${pipeline} over ${topic}, results final up to ${formatInstant(line) ?? '-'}\n${table.toString()}`;
}
