/** The partition workflows of a job, by their ids: they outlive the run that started them. */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { getExternalWorkflowHandle, startChild, type SignalDefinition } from '@temporalio/workflow';
import { sentTo } from './failures.js';
import { drainOf, type JobState } from './jobState.js';
import type { partition as partitionWorkflow } from './partition.js';

/** Bounds what a run can lose and how long its history gets; it continues as new well before. */
const RUN_TIMEOUT = '1h';
/** A task that was started on a worker that died waits for it: so short that a crash costs seconds, so long that a replay fits. */
const TASK_TIMEOUT = '4s';

function idOf(name: string, partition: number): string {
  return `${name}/${partition}`;
}

/** Starts a partition's workflow; false where it is running. A drain that is under way is in its input. */
export async function startPartition(name: string, state: JobState, partition: number): Promise<boolean> {
  const { job, epoch } = state;
  try {
    await startChild<typeof partitionWorkflow>('partition', {
      workflowId: idOf(name, partition),
      args: [{ name, epoch, partition, job, drain: drainOf(state, partition), state: null, fenced: 0 }],
      parentClosePolicy: 'ABANDON', // a parent that continues as new closes, too
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      workflowRunTimeout: RUN_TIMEOUT,
      workflowTaskTimeout: TASK_TIMEOUT,
      retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
      memo: { job: name, pipeline: job.pipeline, topic: job.topic },
      staticSummary: `partition ${partition} of ${job.topic}`,
    });
    return true;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
    throw error;
  }
}

/** Signals a partition; false where its workflow is gone. */
export async function tell<T>(
  child: { name: string; partition: number },
  signal: SignalDefinition<[T]>,
  value: T,
): Promise<boolean> {
  return sentTo(getExternalWorkflowHandle(idOf(child.name, child.partition)).signal(signal, value));
}

export async function cancelPartitions(name: string, partitions: number[]): Promise<void> {
  await Promise.all(
    partitions.map((partition) => sentTo(getExternalWorkflowHandle(idOf(name, partition)).cancel())),
  );
}
