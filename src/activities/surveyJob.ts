import { Context } from '@temporalio/activity';
import type pg from 'pg';
import type { OffsetRange } from '../io/kafka/brokers.js';
import { jobProgress } from '../io/postgres/jobProgress.js';
import { registerPartitions } from '../io/postgres/registerJob.js';
import { withFailures } from './failures.js';

export interface SurveyInput {
  job: string;
  epoch: number;
  topic: string;
  /** Partitions that have not drained. */
  running: number[];
  /** Whether partitions that the topic has gained are taken up: not during a drain. */
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
  /** Partitions that are registered, but whose workflow is not running. */
  toStart: number[];
}

interface Dependencies {
  pool: pg.Pool;
  describeTopic: (topic: string) => Promise<OffsetRange[]>;
}

export function createSurveyJob({ pool, describeTopic }: Dependencies) {
  /** Looks after a job: takes up partitions that the topic has gained, finds partition workflows that died, tells where each one stands. */
  return async ({ job, epoch, topic, running, takeUpNew }: SurveyInput): Promise<Survey> => {
    const ranges = await describeTopic(topic);
    const known = new Set(running);
    const before = await withFailures(() => jobProgress(pool, { job, epoch }));
    const registered = new Set(before.map(({ partition }) => partition));
    const added = takeUpNew ? ranges.filter(({ partition }) => !registered.has(partition)) : [];
    if (added.length > 0)
      await withFailures(() => registerPartitions(pool, { job, epoch, partitions: added }));
    const progress = added.length > 0 ? await withFailures(() => jobProgress(pool, { job, epoch })) : before;
    const statuses = await newestStatuses(job);
    const ends = new Map(ranges.map(({ partition, endOffset }) => [partition, endOffset]));
    const died = (partition: number): string | null => {
      const status = statuses.get(partition);
      return known.has(partition) && status !== undefined && status !== 'RUNNING' ? status : null;
    };
    return {
      partitions: progress.map(({ partition, offset, watermark, endsUntil, counters }) => ({
        partition,
        offset,
        endOffset: ends.get(partition) ?? offset,
        watermark: iso(watermark),
        openUntil: iso(
          endsUntil !== null && (watermark === null || endsUntil > watermark) ? endsUntil : null,
        ),
        late: counters.late,
        rejected: counters.rejected,
        died: died(partition),
      })),
      toStart: [
        ...added.map(({ partition }) => partition),
        ...running.filter((partition) => died(partition) !== null),
      ],
    };
  };
}

/** The status of each partition workflow's newest run. One query for all; what is listed may be a second old. */
async function newestStatuses(job: string): Promise<Map<number, string>> {
  const newest = new Map<number, { status: string; startTime: Date }>();
  const prefix = `${job}/`;
  const query = `WorkflowType = "partition" AND WorkflowId STARTS_WITH ${JSON.stringify(prefix)}`;
  for await (const { workflowId, status, startTime } of Context.current().client.workflow.list({ query })) {
    const partition = Number(workflowId.slice(prefix.length));
    const other = newest.get(partition);
    if (!other || other.startTime < startTime) newest.set(partition, { status: status.name, startTime });
  }
  return new Map([...newest].map(([partition, { status }]) => [partition, status]));
}

function iso(instant: number | null): string | null {
  return instant === null ? null : new Date(instant).toISOString();
}
