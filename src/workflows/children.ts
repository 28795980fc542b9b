/** The partition workflows of a job, by their ids: they outlive the run that started them. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { getExternalWorkflowHandle, startChild, type SignalDefinition } from '@temporalio/workflow';
import { memberId, type Stage } from '../domain/member.js';
import { sentTo } from './failures.js';
import { drainOf, type JobState } from './jobState.js';
import { memberRunTimeoutMs } from './lifetime.js';
import type { partition as partitionWorkflow } from './partition.js';

/** A task that was started on a worker that died waits for it: so short that a crash costs seconds, so long that a replay fits. */
const TASK_TIMEOUT = '4s';

export interface Member {
  name: string;
  stage: Stage;
  partition: number;
}

function idOf({ name, stage, partition }: Member): string {
  return memberId(name, stage, partition);
}

/**
 * Starts a member's workflow; false where it is running. A drain that is under way is in its input, and whether it is paused, where that is
 * said.
 */
export async function startMember(member: Member, state: JobState, paused?: string | null): Promise<boolean> {
  const { name, stage, partition } = member;
  const { job, epoch, sources, targets } = state;
  const of = stage === 1 || targets === null ? sources : targets;
  const regroup =
    targets === null ? {} : { regroup: { topic: targets.topic, targets: targets.members.length } };
  try {
    await startChild<typeof partitionWorkflow>('partition', {
      workflowId: idOf(member),
      args: [
        {
          name,
          epoch,
          partition,
          ...(stage === 1 ? {} : { stage }),
          ...regroup,
          job,
          drain: drainOf(of, partition),
          ...(paused === undefined ? {} : { paused }),
          state: null,
          fenced: 0,
        },
      ],
      parentClosePolicy: 'ABANDON', // a parent that continues as new closes, too
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowRunTimeout: memberRunTimeoutMs(),
      workflowTaskTimeout: TASK_TIMEOUT,
      retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
      memo: { job: name, pipeline: job.pipeline, topic: job.topic },
      staticSummary: `${stage === 1 ? 'partition' : 'target'} ${partition} of ${of.topic}`,
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

/** Signals a member; false where its workflow is gone. */
export async function tell<Args extends unknown[]>(
  member: Member,
  signal: SignalDefinition<Args>,
  ...args: Args
): Promise<boolean> {
  return sentTo(getExternalWorkflowHandle(idOf(member)).signal(signal, ...args));
}

export async function cancelMembers(members: Member[]): Promise<void> {
  await Promise.all(members.map((member) => sentTo(getExternalWorkflowHandle(idOf(member)).cancel())));
}
