import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/common';
import type pg from 'pg';
import type { OffsetRange } from '../io/kafka/brokers.js';
import { jobProgress, type PartitionProgress } from '../io/postgres/jobProgress.js';
import { registerPartitions } from '../io/postgres/registerJob.js';
import { formatInstant } from '../domain/instant.js';
import { openUntil } from '../domain/commit.js';
import { withFailures } from './failures.js';
import { createTidyPayloads } from './tidyPayloads.js';

export interface SurveyInput {
  job: string;
  epoch: number;
  topic: string;
  /** Partitions that the job knows. */
  partitions: number[];
  /** Those of them that have not drained. */
  running: number[];
  /** Whether partitions that the topic has gained are taken up: not during a drain, nor where keys have to stay together. */
  takeUpNew: boolean;
}

/** Where a partition stands, for people; instants as ISO-8601. */
export interface PartitionStanding {
  partition: number;
  offset: number;
  endOffset: number;
  watermark: string | null;
  openUntil: string | null;
  late: number;
  rejected: number;
  /** Status of the newest run when that is not running: `TERMINATED`, `FAILED`… */
  died: string | null;
}

export interface Survey {
  partitions: PartitionStanding[];
  /** Partitions that the job does not know yet, and those that it knows but whose workflow is not running. */
  toStart: number[];
  /** How many partitions the topic has. */
  topicPartitions: number;
}

interface Dependencies {
  pool: pg.Pool;
  describeTopic: (topic: string) => Promise<OffsetRange[]>;
}

export function createSurveyJob({ pool, describeTopic }: Dependencies) {
  const tidyPayloads = createTidyPayloads(pool);
  /**
   * Looks after a job: takes up partitions that the topic has gained, finds partition workflows that died, tells where each one stands. And
   * tidies up, as this is what every job has done once a minute.
   */
  return async (input: SurveyInput): Promise<Survey> => {
    const { job } = input;
    await tidyPayloads();
    const ranges = await describeTopic(input.topic);
    const progress = await withFailures(() => registered(pool, input, ranges));
    const died = await deadPartitions(job, input.running);
    const ends = new Map(ranges.map(({ partition, endOffset }) => [partition, endOffset]));
    const known = new Set(input.partitions);
    // Registered just now, or by an attempt of this activity whose answer was lost. During a drain they wait for the next start.
    const unknown = progress.map(({ partition }) => partition).filter((partition) => !known.has(partition));
    return {
      partitions: progress.map((each) => ({
        partition: each.partition,
        offset: each.offset,
        endOffset: ends.get(each.partition) ?? each.offset,
        watermark: formatInstant(each.watermark),
        openUntil: formatInstant(openUntil(each)),
        late: each.counters.late,
        rejected: each.counters.rejected,
        died: died.get(each.partition) ?? null,
      })),
      toStart: [...(input.takeUpNew ? unknown : []), ...died.keys()],
      topicPartitions: ranges.length,
    };
  };
}

async function registered(
  pool: pg.Pool,
  { job, epoch, takeUpNew }: SurveyInput,
  ranges: OffsetRange[],
): Promise<PartitionProgress[]> {
  const progress = await jobProgress(pool, { job, epoch });
  const present = new Set(progress.map(({ partition }) => partition));
  const added = ranges.filter(({ partition }) => !present.has(partition));
  if (!takeUpNew || added.length === 0) return progress;
  await registerPartitions(pool, { job, epoch, partitions: added });
  return jobProgress(pool, { job, epoch });
}

/**
 * Those of `partitions` whose workflow is not running, with its status. One query lists the running ones; it may be a second old, so
 * those that it leaves out are asked for one by one.
 */
async function deadPartitions(job: string, partitions: number[]): Promise<Map<number, string>> {
  const { workflow } = Context.current().client;
  const prefix = `${job}/`;
  const query = `WorkflowType = "partition" AND ExecutionStatus = "Running" AND WorkflowId STARTS_WITH ${JSON.stringify(prefix)}`;
  const listed = new Set<string>();
  for await (const { workflowId } of workflow.list({ query })) listed.add(workflowId);
  const dead = new Map<number, string>();
  for (const partition of partitions) {
    const workflowId = `${prefix}${partition}`;
    if (listed.has(workflowId)) continue;
    const status = await statusOf(workflow.getHandle(workflowId));
    if (status !== 'RUNNING') dead.set(partition, status);
  }
  return dead;
}

async function statusOf(handle: { describe(): Promise<{ status: { name: string } }> }): Promise<string> {
  try {
    return (await handle.describe()).status.name;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'NOT_FOUND';
    throw error;
  }
}
