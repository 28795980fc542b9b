import { ApplicationFailure } from '@temporalio/common';
import type pg from 'pg';
import { internalTopic } from '../io/kafka/internalTopic.js';
import type { OffsetRange } from '../io/kafka/brokers.js';
import { expectTopic } from '../io/kafka/logReader.js';
import type { TopicDescription } from '../io/kafka/topics.js';
import { registerJob } from '../io/postgres/registerJob.js';
import { refusal, withTargets } from '../pipelines/jobDifferences.js';
import type { Job } from '../pipelines/job.js';
import { keysAreApart, whyGrowthIsRefused } from '../pipelines/keysTogether.js';
import { BadJobInput, parseJobInput } from '../pipelines/jobInput.js';
import { withFailures } from './failures.js';

export interface StartedJob {
  job: Job;
  epoch: number;
  partitions: number[];
  /** Where records are regrouped by key: the internal topic, and its partitions. */
  regroup?: { topic: string; targets: number };
}

interface Dependencies {
  pool: pg.Pool;
  defaultTopic: string | null;
  describeTopic: (topic: string) => Promise<TopicDescription>;
  /** The partitions of a topic; null where there is no such topic. */
  findTopic: (topic: string) => Promise<OffsetRange[] | null>;
  makeInternalTopic: (topic: string, partitions: number) => Promise<void>;
}

export function createStartJob(dependencies: Dependencies) {
  const { pool, defaultTopic, describeTopic, findTopic, makeInternalTopic } = dependencies;
  /**
   * Checks the input of a job, asks Kafka for its partitions and registers both, before anything is read. Bad input, a job that is
   * another one by this name, a topic that does not exist or is not the one that the job has read are failures for good, each with every
   * reason.
   */
  return async (name: string, input: unknown): Promise<StartedJob> => {
    const job = checked(name, input, defaultTopic);
    const { id: topicId, partitions } = await describeTopic(job.topic);
    const wanted = targetsOf(job, partitions.length);
    // Asked before anything is registered: a start that dies in between asks again.
    const former = await withFailures(async () =>
      wanted === 0 ? null : findTopic(internalTopic(name, FIRST_EPOCH)),
    );
    const { epoch, targets } = await withFailures(() =>
      registerJob(pool, {
        name,
        pipeline: job.pipeline,
        config: job,
        topicId,
        partitions,
        targets: startsOf(wanted, former),
        admit(stored) {
          if (stored.isFirst && former !== null && former.length !== wanted)
            throw ApplicationFailure.nonRetryable(otherTargets(name, former.length, wanted), 'BadJobInput');
          const other = refusal(name, withTargets(stored.config, stored.targets), job);
          if (other !== null) throw ApplicationFailure.nonRetryable(other, 'OtherJob');
          expectTopic(job.topic, { expected: stored.topicId, found: topicId });
          const grown = stored.targets === 0 ? whyGrowthIsRefused(job, partitions.length) : null;
          if (grown !== null)
            throw ApplicationFailure.nonRetryable(`Job ${name} is not started: ${grown}`, 'BadJobInput');
        },
      }),
    );
    const started = { job, epoch, partitions: partitions.map(({ partition }) => partition) };
    if (targets === 0) return started;
    const topic = internalTopic(name, epoch);
    await withFailures(() => makeInternalTopic(topic, targets));
    return { ...started, regroup: { topic, targets } };
  };
}

/** More partitions than workers have cores for only cost messages. */
const MOST_TARGETS_UNASKED = 16;

/** How many targets a job regroups to that starts for the first time; 0: its records need not be regrouped. */
function targetsOf(job: Job, partitions: number): number {
  if (!keysAreApart(job, partitions)) return 0;
  return job.parallelism ?? Math.min(partitions, MOST_TARGETS_UNASKED);
}

/** Of a job that is registered for the first time. */
const FIRST_EPOCH = 0;

/**
 * Where the targets of a job begin that starts for the first time: behind what is in its internal topic, which is of another life of it,
 * whose rows of `weir` somebody has deleted. Its sources read everything again, and publish it again.
 */
function startsOf(
  targets: number,
  former: OffsetRange[] | null,
): { partition: number; startOffset: number }[] {
  return Array.from({ length: targets }, (_, partition) => ({
    partition,
    startOffset: former?.[partition]?.endOffset ?? 0,
  }));
}

function otherTargets(name: string, former: number, wanted: number): string {
  return (
    `Job ${name} is not started: its internal topic ${internalTopic(name, FIRST_EPOCH)} is there from another life of it, with ` +
    `${former} partitions instead of ${wanted}. Delete the topic, or start the job with "parallelism":${former}`
  );
}

/** A partition's id is the job's and a number behind it, and Temporal takes 1,000 bytes. */
const LONGEST_NAME_BYTES = 900;

function checked(name: string, input: unknown, defaultTopic: string | null): Job {
  if (name.includes('/')) {
    throw ApplicationFailure.nonRetryable(
      `The workflow id of a job names the job and has no "/" in it: ${name}`,
      'BadJobInput',
    );
  }
  if (Buffer.byteLength(name) > LONGEST_NAME_BYTES) {
    throw ApplicationFailure.nonRetryable(
      `The workflow id of a job has at most ${LONGEST_NAME_BYTES} bytes: ${name}`,
      'BadJobInput',
    );
  }
  try {
    return parseJobInput(input, defaultTopic);
  } catch (error) {
    if (error instanceof BadJobInput) throw ApplicationFailure.nonRetryable(error.message, 'BadJobInput');
    throw error;
  }
}
