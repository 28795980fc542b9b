import type pg from 'pg';
import { describe, expect, it } from 'vitest';
import { createForgetEpochs } from '../../src/activities/forgetEpochs.js';

const REWRITE = { from: 0, writeAfter: 0, until: 100, untilOffset: 10, longestMs: 60_000 };

interface Member {
  owner: string | null;
  offset: number;
  watermark: number | null;
}

const MOVED_ON: Member = { owner: 'run', offset: 10, watermark: 100 };

/** Topics of a cluster, and a job whose present epoch has these members. */
function setting(members: Member[], topics: string[], deleteTopic?: () => Promise<void>) {
  const world = { topics: new Set(topics), said: [] as string[], queries: 0 };
  const pool = {
    query: async (query: unknown) => {
      world.queries++;
      if (typeof query === 'string')
        return { rows: [{ is_taken_up: members.every(({ owner }) => owner !== null) }] };
      return { rows: members.map((member) => ({ ...member, stage: 2, rewrite: REWRITE })) };
    },
  } as unknown as pg.Pool;
  const forget = createForgetEpochs({
    pool,
    findTopic: async (topic) => (world.topics.has(topic) ? [] : null),
    deleteTopic: deleteTopic ?? (async (topic) => void world.topics.delete(topic)),
    warn: (sentence) => world.said.push(sentence),
  });
  const left = async (epoch: number): Promise<string[]> => {
    await forget({ job: 'a', epoch });
    return [...world.topics];
  };
  return { left, world };
}

const TOPICS = ['weir.a.0', 'weir.a.1', 'weir.a.2', 'weir.a.3', 'weir.a.0.0', 'weir.ab.0', 'weir.a.1.1'];
const OTHERS = ['weir.a.0.0', 'weir.ab.0', 'weir.a.1.1'];

describe('internal topics of older epochs', () => {
  it('go when the replay is over: not those of this epoch, of later ones, nor of other jobs', async () => {
    const { left } = setting([MOVED_ON, MOVED_ON], TOPICS);
    expect(await left(2)).toEqual(['weir.a.2', 'weir.a.3', ...OTHERS]);
  });

  it.each<[string, Member]>([
    ['has not read all that was read before, by one record', { ...MOVED_ON, offset: 9 }],
    ['has not passed all that was written before, by a millisecond', { ...MOVED_ON, watermark: 99 }],
    ['has no watermark', { ...MOVED_ON, watermark: null }],
    ['may be at work in an older epoch', { ...MOVED_ON, owner: null }],
  ])('stay while one member %s', async (_, member) => {
    const { left } = setting([MOVED_ON, member], TOPICS);
    expect(await left(2)).toEqual(TOPICS);
  });

  it('of a job that was never replayed are not looked for', async () => {
    const { left, world } = setting([MOVED_ON], TOPICS);
    expect(await left(0)).toEqual(TOPICS);
    expect(world.queries).toBe(0);
  });

  it('are looked for once an epoch', async () => {
    const { left, world } = setting([MOVED_ON], TOPICS);
    await left(1);
    const { queries } = world;
    await left(1);
    expect(world.queries).toBe(queries);
    expect(await left(2)).toEqual(['weir.a.2', 'weir.a.3', ...OTHERS]);
  });

  it('stay where deleting is refused, with a line in the log and without a failure', async () => {
    const refuse = () =>
      Promise.reject(new Error('Not authorized to access topics: [Topic authorization failed]'));
    const { left, world } = setting([MOVED_ON], TOPICS, refuse);
    expect(await left(2)).toEqual(TOPICS);
    expect(world.said).toEqual(
      ['weir.a.1', 'weir.a.0'].map(
        (topic) =>
          `internal topic ${topic} is not needed any more, and stays for now: Not authorized to access topics: [Topic authorization failed]`,
      ),
    );
  });
});
