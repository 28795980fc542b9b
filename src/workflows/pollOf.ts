/** Which poll a run of a partition asks for, by its stage and its state. */
import type { PollInput, PollResult } from '../activities/poll.js';
import type { PartitionState } from '../domain/partitionState.js';
import type { RegroupingJob } from '../pipelines/job.js';
import type { JobPartial, JobRow } from '../pipelines/operators.js';
import { poll, pollTarget } from './activities.js';
import { keyOf, type PartitionInput } from './partitionInput.js';

export interface PollHow extends Pick<PollInput, 'silent' | 'until' | 'stayMs'> {
  /** It does not linger. */
  hurried: boolean;
}

export function pollOf(
  input: PartitionInput,
  state: PartitionState<JobPartial, JobRow>,
  { hurried, ...how }: PollHow,
): Promise<PollResult> {
  const { partition, regroup } = input;
  const { offset } = state;
  const job = hurried ? { ...input.job, lingerMs: 0 } : input.job;
  if (input.stage === 2) {
    const sources = state.sources!;
    const asked = { job: job as RegroupingJob, topic: regroup!.topic, target: partition, offset, sources };
    const summary = `target ${partition} from ${offset}`;
    return pollTarget.executeWithOptions({ summary }, [{ ...asked, ...how }]);
  }
  const { watermark, caughtUp, uncommitted } = state;
  const at = { job, partition, offset, watermark, caughtUp, nextEnd: state.nextEnd(), uncommitted };
  const reread = how.silent ? null : state.reread;
  const summary = `partition ${partition} from ${offset}`;
  return poll.executeWithOptions({ summary }, [keyOf(input), { ...at, reread, ...how }]);
}
