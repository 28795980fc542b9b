import { ApplicationFailure } from '@temporalio/common';
import type pg from 'pg';
import type { OffsetRange } from '../io/kafka/brokers.js';
import { registerJob } from '../io/postgres/registerJob.js';
import { refusal } from '../pipelines/jobDifferences.js';
import type { Job } from '../pipelines/job.js';
import { whyKeysAreApart } from '../pipelines/keysTogether.js';
import { BadJobInput, parseJobInput } from '../pipelines/jobInput.js';
import { withFailures } from './failures.js';

export interface StartedJob {
  job: Job;
  epoch: number;
  partitions: number[];
}

interface Dependencies {
  pool: pg.Pool;
  defaultTopic: string | null;
  describeTopic: (topic: string) => Promise<OffsetRange[]>;
}

export function createStartJob({ pool, defaultTopic, describeTopic }: Dependencies) {
  /**
   * Checks the input of a job, asks Kafka for its partitions and registers both, before anything is read. Bad input, a job that is
   * another one by this name, and a topic that does not exist are failures for good, each with every reason.
   */
  return async (name: string, input: unknown): Promise<StartedJob> => {
    const job = checked(name, input, defaultTopic);
    const partitions = await describeTopic(job.topic);
    const scattered = whyKeysAreApart(job, partitions.length);
    if (scattered !== null)
      throw ApplicationFailure.nonRetryable(`Job ${name} is not started: ${scattered}`, 'BadJobInput');
    const epoch = await withFailures(() =>
      registerJob(pool, {
        name,
        pipeline: job.pipeline,
        config: job,
        partitions,
        admit(stored) {
          const reason = refusal(name, stored, job);
          if (reason !== null) throw ApplicationFailure.nonRetryable(reason, 'OtherJob');
        },
      }),
    );
    return { job, epoch, partitions: partitions.map(({ partition }) => partition) };
  };
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
