/**
 * A drain (docs/semantics.md): members are told where to end; once each has read up to there, when to close. Targets of a regrouping end
 * where the sources have ended to publish.
 */
import { describeTopic } from './activities.js';
import { tell } from './children.js';
import { drainOf, finishOf, isBehind, running, type JobState, type StageState } from './jobState.js';
import type { Members } from './members.js';
import * as messages from './messages.js';

/** Does what is to be done next; `takeUpNew` finds partitions that the topic has gained: they are part of the drain. */
export async function passOnDrain(
  state: JobState,
  members: Members,
  takeUpNew: () => Promise<unknown>,
): Promise<void> {
  const { sources, targets } = state;
  if (state.drainWanted && sources.drain === null) {
    await takeUpNew();
    await beginDrain(members, sources);
  }
  await passOnFinish(members, sources);
  if (targets === null || sources.drain === null || running(sources).length > 0) return;
  if (targets.drain === null) await beginDrain(members, targets);
  await passOnFinish(members, targets);
}

/** Tells members where to end that have not said that they know. */
export async function tellDrain(members: Members, stage: StageState): Promise<void> {
  await members.tellRunning(stage, async (member) => {
    const { partition } = member;
    if ((stage.reached[partition]?.until ?? -1) >= stage.drain![partition]!) return true;
    return tell(member, messages.drainPartition, drainOf(stage, partition)!);
  });
}

async function beginDrain(members: Members, stage: StageState): Promise<void> {
  const ranges = await describeTopic(stage.topic);
  const ends = new Map(ranges.map((range) => [range.partition, range.endOffset]));
  stage.drain = Object.fromEntries(stage.members.map((member) => [member, ends.get(member) ?? 0]));
  for (const result of Object.values(stage.drained)) {
    if (isBehind(stage, result)) delete stage.drained[result.partition];
  }
  await tellDrain(members, stage);
}

async function passOnFinish(members: Members, stage: StageState): Promise<void> {
  const close = finishOf(stage);
  if (close) await members.tellRunning(stage, (member) => tell(member, messages.finish, close));
}
