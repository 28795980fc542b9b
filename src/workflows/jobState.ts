/** What a job's workflow knows, as plain JSON: it is carried from run to run. */
import { addCounters, NO_RECORDS } from '../domain/accounting.js';
import { latest, type Instant } from '../domain/instant.js';
import type { Stage } from '../domain/member.js';
import type { Epoch } from '../activities/claim.js';
import type { Job } from '../pipelines/job.js';
import type {
  DrainAccepted,
  DrainPartition,
  Finish,
  PartitionResult,
  PipelineResult,
  Reached,
} from './messages.js';

/** The partitions of the topic, or the targets of a regrouping. */
export interface StageState {
  stage: Stage;
  topic: string;
  members: number[];
  /** End offsets by member, once the drain has begun. */
  drain: Record<number, number> | null;
  /** What members said that have read everything. */
  reached: Record<number, Reached>;
  /** Results of members that have completed: they are not started again. */
  drained: Record<number, PartitionResult>;
}

export interface JobState {
  job: Job;
  epoch: number;
  /** Whether a drain was asked for. */
  drainWanted: boolean;
  /** Why the whole job is paused; null or left out: it is not. */
  paused?: string | null;
  sources: StageState;
  /** Where records are regrouped by key. */
  targets: StageState | null;
}

export function newStage(stage: Stage, topic: string, members: number[]): StageState {
  return { stage, topic, members, drain: null, reached: {}, drained: {} };
}

export function stagesOf({ sources, targets }: JobState): StageState[] {
  return targets === null ? [sources] : [sources, targets];
}

/** A replay has begun an epoch: what members said before does not count any more. */
export function enterEpoch(state: JobState, { epoch, job, regroup }: Epoch): void {
  state.epoch = epoch;
  state.job = job;
  if (state.targets !== null && regroup !== undefined) state.targets.topic = regroup.topic;
  for (const stage of stagesOf(state)) {
    stage.reached = {};
    stage.drained = {};
  }
}

/** Members that are still to be looked after. */
export function running({ members, drained }: StageState): number[] {
  return members.filter((member) => drained[member] === undefined);
}

export function isRunning(state: JobState): boolean {
  return stagesOf(state).some((stage) => running(stage).length > 0);
}

/** The drain as a member is told; null where there is none. */
export function drainOf({ drain }: StageState, member: number): DrainPartition | null {
  const until = drain?.[member];
  return until === undefined ? null : { until };
}

/** Up to when everything is closed (docs/semantics.md, drain): known once every member has read everything. */
export function finishOf({ members, reached, drained, drain }: StageState): Finish | null {
  if (drain === null) return null;
  let end: Instant | null = null;
  for (const member of members) {
    const there = reached[member];
    if (there === undefined) return null;
    if (drained[member] === undefined && there.until < drain[member]!) return null;
    end = latest(end, latest(there.watermark, there.openUntil));
  }
  return { end };
}

/**
 * Whether a target has completed for a drain of an earlier start, before the sources ended to publish: what came then is still to be read.
 */
export function isBehind({ stage, drain }: StageState, { partition, offset }: PartitionResult): boolean {
  return stage === 2 && drain !== null && offset < (drain[partition] ?? 0);
}

/** Counters are those of the sources: what passes a regrouping was counted before. */
export function resultOf(job: string, { sources: { members, drained } }: JobState): PipelineResult {
  const results = members.map((member) => drained[member]!);
  return {
    job,
    partitions: results,
    total: results.reduce((sum, { counters }) => addCounters(sum, counters), { ...NO_RECORDS }),
  };
}

export function drainAccepted(job: string, { sources: { drain } }: JobState): DrainAccepted {
  return { job, endOffsets: { ...drain } };
}
