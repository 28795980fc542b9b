/** What a job's workflow knows, as plain JSON: it is carried from run to run. */
import { addCounters, NO_RECORDS } from '../domain/accounting.js';
import { latest, type Instant } from '../domain/instant.js';
import type { Job } from '../pipelines/job.js';
import type {
  DrainAccepted,
  DrainPartition,
  Finish,
  PartitionResult,
  PipelineResult,
  Reached,
} from './messages.js';

export interface JobState {
  job: Job;
  epoch: number;
  partitions: number[];
  /** Whether a drain was asked for. */
  drainWanted: boolean;
  /** End offsets by partition, once the drain has begun. */
  drain: Record<number, number> | null;
  /** What partitions said that have read everything. */
  reached: Record<number, Reached>;
  /** Results of partitions that have completed: they are not started again. */
  drained: Record<number, PartitionResult>;
}

/** Partitions that are still to be looked after. */
export function running({ partitions, drained }: JobState): number[] {
  return partitions.filter((partition) => drained[partition] === undefined);
}

/** The drain as a partition is told; null where there is none. */
export function drainOf({ drain }: JobState, partition: number): DrainPartition | null {
  const until = drain?.[partition];
  return until === undefined ? null : { until };
}

/** Up to when everything is closed (docs/semantics.md, drain): known once every partition has read everything. */
export function finishOf({ partitions, reached, drained, drain }: JobState): Finish | null {
  if (drain === null) return null;
  let end: Instant | null = null;
  for (const partition of partitions) {
    const there = reached[partition];
    if (there === undefined) return null;
    if (drained[partition] === undefined && there.until < drain[partition]!) return null;
    end = latest(end, latest(there.watermark, there.openUntil));
  }
  return { end };
}

export function resultOf(job: string, { partitions, drained }: JobState): PipelineResult {
  const results = partitions.map((partition) => drained[partition]!);
  return {
    job,
    partitions: results,
    total: results.reduce((sum, { counters }) => addCounters(sum, counters), { ...NO_RECORDS }),
  };
}

export function drainAccepted(job: string, { drain }: JobState): DrainAccepted {
  return { job, endOffsets: { ...drain } };
}
