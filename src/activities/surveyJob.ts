import { Context } from '@temporalio/activity';
import { WorkflowNotFoundError } from '@temporalio/common';
import type pg from 'pg';
import type { OffsetRange } from '../io/kafka/brokers.js';
import { expectTopic } from '../io/kafka/logReader.js';
import type { TopicDescription } from '../io/kafka/topics.js';
import { findKeyApart } from '../io/postgres/keysApart.js';
import { jobProgress, type PartitionProgress } from '../io/postgres/jobProgress.js';
import { registerPartitions } from '../io/postgres/registerJob.js';
import { readTopicId } from '../io/postgres/topicId.js';
import { formatInstant } from '../domain/instant.js';
import { jobLine } from '../domain/line.js';
import { memberId, type Stage } from '../domain/member.js';
import { openUntil } from '../domain/commit.js';
import { isRewriting } from '../domain/rewrite.js';
import { withFailures } from './failures.js';
import { createForgetEpochs } from './forgetEpochs.js';
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
  /** 2: targets of a regrouping, whose `topic` is the internal one. Left out: 1. */
  stage?: Stage;
  /** Whether the job regroups. */
  regrouped?: boolean;
  /** Where the job says that all records of a visitor are in one partition: over how long it is looked whether they are. */
  keysWithinMs?: number;
}

/** Where a partition stands, for people; instants as ISO-8601. */
export interface PartitionStanding {
  /** Left out: 1. */
  stage?: Stage;
  partition: number;
  offset: number;
  endOffset: number;
  watermark: string | null;
  openUntil: string | null;
  late: number;
  rejected: number;
  /** Why it does not read on; null or left out: it does. */
  paused?: string | null;
  /** Whether a replay is not over yet. */
  replaying?: boolean;
  /** Status of the newest run when that is not running: `TERMINATED`, `FAILED`… */
  died: string | null;
}

export interface Survey {
  partitions: PartitionStanding[];
  /** Partitions that the job does not know yet, and those that it knows but whose workflow is not running. */
  toStart: number[];
  /** How many partitions the topic has. */
  topicPartitions: number;
  /** A visitor that was seen in several partitions, where that should not be. */
  keyApart?: string | null;
}

interface Dependencies {
  pool: pg.Pool;
  describeTopic: (topic: string) => Promise<TopicDescription>;
  /** Deletes the records of an internal topic that nothing reads again. */
  deleteRecordsBelow: (topic: string, below: { partition: number; offset: number }[]) => Promise<void>;
  /** The partitions of a topic; null where there is no such topic. */
  findTopic: (topic: string) => Promise<OffsetRange[] | null>;
  deleteTopic: (topic: string) => Promise<void>;
}

export function createSurveyJob(dependencies: Dependencies) {
  const { pool, describeTopic, deleteRecordsBelow } = dependencies;
  const tidyPayloads = createTidyPayloads(pool);
  const forgetEpochs = createForgetEpochs({
    ...dependencies,
    warn: (sentence) => Context.current().log.warn(sentence),
  });

  async function forgetRead(
    topic: string,
    progress: PartitionProgress[],
    ranges: OffsetRange[],
  ): Promise<void> {
    const starts = new Map(ranges.map(({ partition, startOffset }) => [partition, startOffset]));
    const below = progress
      .map(({ partition, rebuildFrom }) => ({ partition, offset: rebuildFrom }))
      .filter(({ partition, offset }) => offset > (starts.get(partition) ?? Infinity));
    if (below.length === 0) return;
    // It only costs space when this does not work: the next look tries again.
    await deleteRecordsBelow(topic, below).catch((error: Error) =>
      Context.current().log.warn(`records of ${topic} that nobody needs stay for now: ${error.message}`),
    );
  }

  /**
   * Looks after a job: takes up partitions that the topic has gained, finds partition workflows that died, tells where each one stands. And
   * tidies up, as this is what every job has done once a minute. Fails for good where the topic is not the one that the job has read.
   */
  return async (input: SurveyInput): Promise<Survey> => {
    const { stage = 1 } = input;
    await tidyPayloads();
    const { id: topicId, partitions: ranges } = await describeTopic(input.topic);
    if (stage === 1) await expectSource(pool, input, topicId);
    const progress = await withFailures(() => registered(pool, input, ranges));
    const died = await deadMembers(input);
    if (stage === 2) {
      await forgetRead(input.topic, progress, ranges);
      await forgetEpochs(input);
    }
    const keyApart = await keyApartIn(pool, input, progress);
    const ends = new Map(ranges.map(({ partition, endOffset }) => [partition, endOffset]));
    const known = new Set(input.partitions);
    // Registered just now, or by an attempt of this activity whose answer was lost. During a drain they wait for the next start.
    const unknown = progress.map(({ partition }) => partition).filter((partition) => !known.has(partition));
    return {
      partitions: progress.map((each) => ({
        ...(stage === 1 ? {} : { stage }),
        partition: each.partition,
        offset: each.offset,
        endOffset: ends.get(each.partition) ?? each.offset,
        watermark: formatInstant(each.watermark),
        openUntil: formatInstant(openUntil(each)),
        late: each.counters.late,
        rejected: each.counters.rejected,
        ...(each.paused ? { paused: each.paused } : {}),
        ...(isRewriting(each.rewrite, each) ? { replaying: true } : {}),
        died: died.get(each.partition) ?? null,
      })),
      toStart: [...(input.takeUpNew ? unknown : []), ...died.keys()],
      topicPartitions: ranges.length,
      ...(keyApart === null ? {} : { keyApart }),
    };
  };
}

/** Before anything is registered, or started again. Internal topics are known by what is in them. */
async function expectSource(pool: pg.Pool, { job, topic }: SurveyInput, found: string | null): Promise<void> {
  await withFailures(async () => expectTopic(topic, { expected: await readTopicId(pool, job), found }));
}

async function registered(
  pool: pg.Pool,
  { job, epoch, takeUpNew, stage = 1, regrouped = false }: SurveyInput,
  ranges: OffsetRange[],
): Promise<PartitionProgress[]> {
  const ofStage = async (): Promise<PartitionProgress[]> =>
    (await jobProgress(pool, { job, epoch })).filter((each) => each.stage === stage);
  const progress = await ofStage();
  const present = new Set(progress.map(({ partition }) => partition));
  const added = ranges.filter(({ partition }) => !present.has(partition));
  if (!takeUpNew || added.length === 0) return progress;
  await registerPartitions(pool, { job, epoch, partitions: added, regrouped });
  return ofStage();
}

/** Looks at what was written before the line: later sessions are not there from every partition yet. */
async function keyApartIn(
  pool: pg.Pool,
  { job, keysWithinMs }: SurveyInput,
  progress: PartitionProgress[],
): Promise<string | null> {
  const line = jobLine(progress.map(({ watermark }) => watermark));
  if (keysWithinMs === undefined || line === null || progress.length < 2) return null;
  const found = await withFailures(() => findKeyApart(pool, { job, from: line - keysWithinMs, until: line }));
  if (found === null) return null;
  return (
    `sessions of user ${found.userId ?? '(none)'} at ${found.ip ?? '(no address)'} come from partitions ` +
    found.partitions.join(', ')
  );
}

/**
 * Those of `running` whose workflow is not running, with its status. One query lists the running ones; it may be a second old, so
 * those that it leaves out are asked for one by one.
 */
async function deadMembers({ job, stage = 1, running }: SurveyInput): Promise<Map<number, string>> {
  const { workflow } = Context.current().client;
  const query = `WorkflowType = "partition" AND ExecutionStatus = "Running" AND WorkflowId STARTS_WITH ${JSON.stringify(`${job}/`)}`;
  const listed = new Set<string>();
  for await (const { workflowId } of workflow.list({ query })) listed.add(workflowId);
  const dead = new Map<number, string>();
  for (const member of running) {
    const workflowId = memberId(job, stage, member);
    if (listed.has(workflowId)) continue;
    const status = await statusOf(workflow.getHandle(workflowId));
    if (status !== 'RUNNING') dead.set(member, status);
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
