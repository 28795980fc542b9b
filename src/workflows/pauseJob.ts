import { ApplicationFailure } from '@temporalio/workflow';
import { tell, type Member } from './children.js';
import { stagesOf, type JobState } from './jobState.js';
import type { Members } from './members.js';
import * as messages from './messages.js';
import type { PauseAccepted, PauseRequest } from './messages.js';

/** Pauses members for a reason, or lets them read on where it is null: all of them, or some partitions of the topic. */
export async function pauseJob(
  { name, why, request }: { name: string; why: string | null; request: PauseRequest | undefined },
  state: JobState,
  members: Members,
): Promise<PauseAccepted> {
  const partitions = chosen(request, state);
  if (partitions === null) state.paused = why; // also what the topic gains later
  const say = (member: Member): Promise<boolean> =>
    why === null ? tell(member, messages.resume) : tell(member, messages.pause, why);
  await Promise.all(
    stagesOf(state).flatMap((stage) =>
      (partitions === null ? stage.members : stage.stage === 1 ? partitions : [])
        .filter((partition) => stage.drained[partition] === undefined)
        .map(async (partition) => {
          if (!(await say(members.of(stage, partition)))) await members.startAgain(stage, partition, why);
        }),
    ),
  );
  return { job: name, paused: why !== null, partitions: partitions ?? state.sources.members };
}

/** Null: all of the job. */
function chosen(request: PauseRequest | undefined, { sources }: JobState): number[] | null {
  const asked: unknown = (request ?? {}).partitions ?? null;
  if (asked === null) return null;
  if (!Array.isArray(asked) || asked.length === 0 || !asked.every((each) => Number.isInteger(each)))
    throw ApplicationFailure.nonRetryable(
      'partitions: expected a list of numbers, such as {"partitions":[0,3]}',
    );
  const unknown = (asked as number[]).filter((each) => !sources.members.includes(each));
  if (unknown.length > 0)
    throw ApplicationFailure.nonRetryable(`The job has no partition ${unknown.join(', ')}`);
  return asked as number[];
}
