/**
 * What is said to and between workflows. People use `pause`, `resume`, `drain`, `replay` and `progress` of a job, and `pause`, `resume` and
 * `progress` of a partition; the others go between a job and its partitions.
 */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { Counters } from '../domain/accounting.js';
import type { Instant } from '../domain/instant.js';
import type { Stage } from '../domain/member.js';
import type { Epoch } from '../activities/claim.js';
import type { Job } from '../pipelines/job.js';
import type { ReplayAnswer } from '../pipelines/replayInput.js';

/** Read up to the offset, then wait for `finish`. */
export interface DrainPartition {
  until: number;
}

/** All that was to be read has been read. */
export interface Reached {
  /** Left out by older builds. */
  epoch?: number;
  /** Left out: 1. */
  stage?: Stage;
  partition: number;
  /** The end that it was told. */
  until: number;
  watermark: Instant | null;
  openUntil: Instant | null;
}

/** Close everything: `end` is at or after all that is open in any partition; null where nothing ever was. */
export interface Finish {
  end: Instant | null;
}

export interface PartitionResult {
  partition: number;
  offset: number;
  counters: Counters;
}

export interface DrainAccepted {
  job: string;
  /** Each partition is read up to its end offset. */
  endOffsets: Record<string, number>;
}

export interface PipelineResult {
  job: string;
  partitions: PartitionResult[];
  total: Counters;
}

/** Which partitions of the topic are meant; left out: all. */
export interface PauseRequest {
  partitions?: number[];
}

export interface PauseAccepted {
  job: string;
  paused: boolean;
  partitions: number[];
}

// To a job, from people.
export const pauseJob = defineSignal<[PauseRequest?]>('pause');
export const pauseJobUpdate = defineUpdate<PauseAccepted, [PauseRequest?]>('pause');
export const resumeJob = defineSignal<[PauseRequest?]>('resume');
export const resumeJobUpdate = defineUpdate<PauseAccepted, [PauseRequest?]>('resume');
export const replay = defineSignal<[unknown?]>('replay');
export const replayUpdate = defineUpdate<ReplayAnswer, [unknown?]>('replay');
export const drain = defineSignal('drain');
export const drainUpdate = defineUpdate<DrainAccepted>('drain');
export const progress = defineQuery<unknown>('progress');

// From a partition to its job.
export const reached = defineSignal<[Reached]>('reached');
export const drained = defineSignal<[PartitionResult, Reached]>('drained');

// To a partition, from its job or from people.
export const pause = defineSignal<[(string | null)?]>('pause');
export const pauseUpdate = defineUpdate<PauseAccepted>('pause');
export const resume = defineSignal('resume');
export const resumeUpdate = defineUpdate<PauseAccepted>('resume');

// From a job to a partition.
export const beginEpoch = defineSignal<[Epoch]>('beginEpoch');
export const drainPartition = defineSignal<[DrainPartition]>('drain');
export const finish = defineSignal<[Finish]>('finish');
export const configure = defineSignal<[Job]>('configure');
