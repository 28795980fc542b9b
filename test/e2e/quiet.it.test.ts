/** A topic that stops must still finish (docs/semantics.md, the quiet clock). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedStack } from '../support/stack.js';
import { eventually, hit, uniqueName, Weir } from '../support/weir.js';

describe('a quiet topic', () => {
  let weir: Weir;
  beforeAll(async () => {
    weir = await Weir.on(sharedStack());
    await weir.startWorker();
  });
  afterAll(() => weir.close());

  const windows = { pipeline: 'hits', size: '2s', delay: '1s', idleAfter: '1s' };

  it('has its last windows come out by themselves, with a partition that is empty and one that stopped long before', async () => {
    const now = Date.now();
    const topic = await weir.topic(3);
    const at = (partition: number, time: number) => ({ ...hit({ time, host: `p${partition}` }), partition });
    await weir.produce(topic, [at(0, now - 60_000), at(1, now - 500), at(1, now)]);
    const name = uniqueName('hits');
    await weir.start(name, { ...windows, topic });
    await eventually('all three hits to be shown', async () => (await weir.total(name)).hits === 3);
    expect((await weir.progress(name)).every(({ late }) => late === 0)).toBe(true);
  });

  it('holds its last windows back with idle: "off", until a drain', async () => {
    const topic = await weir.topic(1, [
      hit({ time: Date.now() - 60_000 }),
      hit({ time: Date.now() - 30_000 }),
    ]);
    const name = uniqueName('hits');
    await weir.start(name, { ...windows, topic, idle: 'off' });
    await weir.committed(name, 2);
    const handle = weir.client.workflow.getHandle(`${name}/0`);
    await eventually('the partition to be caught up', async () => {
      const { caughtUpSince } = await handle.query<{ caughtUpSince: string }>('progress');
      return Date.now() - Date.parse(caughtUpSince) > 2500;
    });
    expect(await weir.total(name)).toEqual({ rows: 1, hits: 1 });
    await weir.drain(name);
    expect(await weir.total(name)).toEqual({ rows: 2, hits: 2 });
  });

  it('does not grow the history of a partition at rest', async () => {
    const topic = await weir.topic(2, [
      hit({ time: Date.now() - 60_000, key: 'a' }),
      hit({ time: Date.now() - 60_000, key: 'b' }),
    ]);
    const name = uniqueName('hits');
    await weir.start(name, { ...windows, topic });
    await eventually('both hits to be shown', async () => (await weir.total(name)).hits === 2);
    const lengths = async () =>
      Promise.all(
        [0, 1].map(
          async (p) => (await weir.client.workflow.getHandle(`${name}/${p}`).describe()).historyLength,
        ),
      );
    // At rest once a poll has been inside for longer than the clocks of this job would make it return.
    let before = await lengths();
    let since = Date.now();
    await eventually(
      'five windows of rest',
      async () => {
        const now = await lengths();
        if (String(now) !== String(before)) [before, since] = [now, Date.now()];
        return Date.now() - since >= 10_000;
      },
      60_000,
    );
    expect(await lengths()).toEqual(before);
  });
});
