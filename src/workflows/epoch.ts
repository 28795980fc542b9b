/** How a member's run goes on when a replay has begun a new epoch. */
import { continueAsNew } from '@temporalio/workflow';
import type { Claimed, Epoch } from '../activities/claim.js';
import type { Progress } from '../domain/commit.js';
import type { PartitionResult } from './messages.js';
import type { PartitionInput } from './partitionInput.js';

/** The first run of the epoch: it knows nothing but whether somebody has just paused it. */
export function inputOfEpoch(
  { name, partition, stage, paused }: PartitionInput,
  { epoch, job, regroup }: Epoch,
): PartitionInput {
  return {
    name,
    epoch,
    partition,
    ...(stage === undefined ? {} : { stage }),
    ...(regroup === undefined ? {} : { regroup }),
    job,
    drain: null,
    ...(paused === undefined ? {} : { paused }),
    state: null,
    fenced: 0,
  };
}

/**
 * What was claimed; where another epoch has begun, the run goes on in that one, and this never returns. Somebody may have paused it, or let
 * it read on, while it claimed: `paused`, undefined where nobody has.
 */
export async function goingOn(
  { input, paused }: { input: PartitionInput; paused: string | null | undefined },
  claimed: Claimed,
): Promise<Progress> {
  if (claimed.newer === undefined) return claimed;
  return continueAsNew<(input: PartitionInput) => Promise<PartitionResult>>(
    inputOfEpoch({ ...input, ...(paused === undefined ? {} : { paused }) }, claimed.newer),
  );
}
