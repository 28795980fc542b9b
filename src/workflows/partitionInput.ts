import type { CaughtUpAt } from '../activities/relay.js';
import type { Carried } from '../domain/commit.js';
import type { CarriedRates } from '../domain/recentRates.js';
import type { Read } from '../domain/rejectedShare.js';
import type { Stage } from '../domain/member.js';
import type { Job } from '../pipelines/job.js';
import type { JobPartial } from '../pipelines/operators.js';
import type { DrainPartition } from './messages.js';

/** The input of a partition's run is its whole state. */
export interface PartitionInput {
  /** The job's name: its workflow's id. */
  name: string;
  epoch: number;
  partition: number;
  /** Left out: 1. */
  stage?: Stage;
  /** Where records are regrouped by key: the internal topic, and its partitions. */
  regroup?: { topic: string; targets: number };
  job: Job;
  drain: DrainPartition | null;
  /** Set where somebody has just said so: why it is paused, or null: it is not any more. Left out: as `weir.progress` has it. */
  paused?: string | null | undefined;
  /** null: nothing is known, it is rebuilt from the log. */
  state: Carried<JobPartial> | null;
  /** About the length of `state` as JSON, for people. */
  stateBytes?: number;
  /** Of a source of a regrouping. */
  caughtUp?: CaughtUpAt | null;
  /** What the run before has seen, for people, and for the share of rejected records; left out: nothing. */
  seen?: { endOffset: number | null; rates: CarriedRates; share: Read[] } | undefined;
  /** How many commits in a row were fenced. */
  fenced: number;
}

export type MemberKey = { job: string; stage?: Stage; epoch: number; partition: number };

/** By which activities know it. */
export function keyOf({ name, stage, epoch, partition }: PartitionInput): MemberKey {
  return { job: name, ...(stage === 2 ? { stage } : {}), epoch, partition };
}
