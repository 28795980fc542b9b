import { describe, expect, it } from 'vitest';
import type { Seen, WatchedPartition } from '../../src/activities/watch.js';
import type { GroupOffset } from '../../src/io/kafka/groupOffsets.js';
import { createConsumerGroup } from '../../src/worker/consumerGroup.js';

const HOUR_MS = 3_600_000;

function world() {
  const sent: [group: string, ...offsets: [topic: string, partition: number, offset: number][]][] = [];
  const warnings: string[] = [];
  const state = { now: 1000, failure: null as string | null };
  const offsets = {
    commit(group: string, all: readonly GroupOffset[]): Promise<void> {
      if (state.failure !== null) return Promise.reject(new Error(state.failure));
      sent.push([
        group,
        ...all.map(({ topic, partition, offset }) => [topic, partition, offset] as const),
      ] as never);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
  const group = createConsumerGroup(offsets, {
    groupOf: (job) => `weir.${job}`,
    warn: (message) => warnings.push(message),
    now: () => state.now,
  });
  const see = (seen: Seen, of: Partial<WatchedPartition> = {}) =>
    group.watch({ job: 'a', pipeline: 'hits', topic: 't', stage: 1, partition: 0, ...of }, seen);
  return { group, sent, warnings, state, see };
}

const standing = (offset: number): Seen => ({ what: 'standing', offset });

describe('the consumer group shows', () => {
  it('what is committed, once, the newest only, jobs each in its own group', async () => {
    const { group, sent, see } = world();
    see(standing(5));
    see(standing(7));
    see(standing(3), { job: 'b', topic: 'u', partition: 2 });
    await group.send();
    await group.send();
    expect(sent).toEqual([
      ['weir.a', ['t', 0, 7]],
      ['weir.b', ['u', 2, 3]],
    ]);
    see(standing(8));
    await group.send();
    expect(sent.slice(2)).toEqual([['weir.a', ['t', 0, 8]]]);
  });

  it('nothing of an internal topic, and nothing that is not known', async () => {
    const { group, sent, see } = world();
    see(standing(5), { stage: 2 });
    see({ what: 'held' });
    await group.send();
    expect(sent).toEqual([]);
  });

  it('a partition at rest again after an hour, as long as this worker has it', async () => {
    const { group, sent, see, state } = world();
    see({ what: 'held' });
    see(standing(5));
    await group.send();
    state.now += HOUR_MS - 1;
    await group.send();
    expect(sent).toHaveLength(1);
    state.now += 1;
    await group.send();
    expect(sent).toHaveLength(2);
    see({ what: 'released' });
    state.now += HOUR_MS;
    await group.send();
    expect(sent).toHaveLength(2);
  });

  it('what could not be sent, later; the reason is said once, at the third time', async () => {
    const { group, sent, warnings, see, state } = world();
    state.failure = 'no right';
    see(standing(5));
    await group.send();
    await group.send();
    expect(warnings).toEqual([]);
    await group.send();
    await group.send();
    expect(warnings).toEqual(['no right']);
    state.failure = null;
    await group.send();
    expect(sent).toEqual([['weir.a', ['t', 0, 5]]]);
  });

  it('not what another worker may have passed meanwhile', async () => {
    const { group, sent, see, state } = world();
    state.failure = 'away';
    see(standing(5));
    await group.send();
    state.failure = null;
    state.now += 60_001;
    await group.send();
    expect(sent).toEqual([]);
  });

  it('the last commit before the worker stops', async () => {
    const { group, sent, see } = world();
    see(standing(5));
    await group.close();
    expect(sent).toEqual([['weir.a', ['t', 0, 5]]]);
  });
});
