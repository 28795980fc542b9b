/**
 * One partition of a job: an entity workflow that lives as long as its job. Its input is its state, so a run may end anywhere: by
 * continue-as-new, a crash, its time-out, a terminate. What it had done beyond the last commit is read again from the log.
 */
import {
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import { partitionDetails, partitionProgress } from './details.js';
import { inputOfEpoch } from './epoch.js';
import { failingFor, sentTo } from './failures.js';
import { deadline } from './lifetime.js';
import { drained, progress, reached, type PartitionResult } from './messages.js';
import type { PartitionInput } from './partitionInput.js';
import { PartitionRun } from './partitionRun.js';
import type { Run } from './run.js';
import { SourceRun } from './sourceRun.js';
import { Wishes } from './wishes.js';

/** A job that missed the answer hears it again: after so long, then ever more seldom. */
const REACHED_AGAIN_MS = { first: 10_000, last: 60_000 };

export async function partition(input: PartitionInput): Promise<PartitionResult> {
  const wishes = new Wishes(input);
  const options = { wishes, deadline: deadline(input.partition) };
  // A source of a regrouping holds nothing open: its sink is the internal topic.
  const isSource = input.regroup !== undefined && (input.stage ?? 1) === 1;
  const run: Run = isSource ? new SourceRun(input, options) : new PartitionRun(input, options);
  setHandler(progress, () => partitionProgress(run), { description: 'Where this partition stands' });

  return failingFor(async () => {
    await run.takeOver();
    while (!run.readAll()) {
      setCurrentDetails(partitionDetails(run));
      if (run.paused() === null) {
        await wishes.interruptible(() => run.poll());
        await run.commitIfDue();
        const why = run.whyStop();
        if (why !== null) wishes.pause(why);
      } else await condition(() => wishes.changed, Math.max(1, options.deadline - Date.now()));
      if (wishes.changed || run.over()) return next(run, wishes);
    }
    return finishDrain(run, wishes);
  });
}

/** Tells the job that everything is read, until it says up to when everything is to be closed. */
async function finishDrain(run: Run, wishes: Wishes): Promise<PartitionResult> {
  const job = getExternalWorkflowHandle(run.input.name);
  setCurrentDetails(partitionDetails(run));
  await run.commitAll(); // another run must not stand behind what this one is about to say
  for (let againMs = REACHED_AGAIN_MS.first; wishes.finish === null;) {
    await sentTo(job.signal(reached, run.standing()));
    await condition(() => wishes.finish !== null || wishes.changed, againMs);
    againMs = Math.min(2 * againMs, REACHED_AGAIN_MS.last);
    if (wishes.finish === null && (wishes.changed || run.over())) return next(run, wishes);
  }
  const result = await run.finish(wishes.finish.end);
  await sentTo(job.signal(drained, result, run.standing()));
  return result;
}

async function next(run: Run, { newer, paused }: Wishes): Promise<never> {
  // Where a replay has begun, nothing of this epoch is anybody's.
  const input =
    newer === null
      ? await run.nextInput()
      : inputOfEpoch({ ...run.input, ...(paused === undefined ? {} : { paused }) }, newer);
  return continueAsNew<typeof partition>(input);
}
