import { getEventListeners } from 'node:events';
import type { HitCountsJson } from '../../src/pipelines/hits/counts.js';
import { describe, expect, test } from 'vitest';
import { OffsetOutOfRange } from '../../src/io/kafka/logReader.js';
import { hit, pollWorld } from '../support/pollWorld.js';

const NOW = 1_000_000;
const garbage = { value: 'no json' };

describe('a batch ends', () => {
  test('by count: exactly as many records as allowed, not one more', async () => {
    const world = pollWorld({ maxBatchEvents: 3 });
    world.log.append(hit(1), hit(2), hit(3), hit(4));
    expect(await world.poll()).toMatchObject({ from: 0, next: 3, counters: { read: 3 }, caughtUp: null });
    expect(await world.poll({ offset: 3 })).toMatchObject({ from: 3, next: 4, counters: { read: 1 } });
  });

  test('by count: rejected and late records count too', async () => {
    const world = pollWorld({ maxBatchEvents: 2 });
    world.log.append(garbage, hit(1), hit(2));
    const result = await world.poll({ watermark: 300_000 });
    expect(result.counters).toMatchObject({ read: 2, late: 1, rejected: 1 });
  });

  test('by bytes of aggregates: groups fill it, repeated hits of one group do not', async () => {
    const world = pollWorld({ maxBatchBytes: 1000 });
    world.log.append(...Array.from({ length: 50 }, () => hit(1)));
    world.log.append(...Array.from({ length: 50 }, (_, i) => hit(1, { referrer: `page ${i}`.padEnd(100) })));
    const result = await world.poll();
    expect(result.next).toBeGreaterThan(50 + 5);
    expect(result.next).toBeLessThan(50 + 12);
  });

  test('by bytes of rejected records, as they are stored', async () => {
    const world = pollWorld({ maxBatchBytes: 1000 });
    world.log.append(...Array.from({ length: 10 }, () => ({ value: 'x'.repeat(300) })));
    const result = await world.poll();
    expect([result.next, result.rejects.length]).toEqual([2, 2]); // 2 * (100 + 400) bytes
  });

  test('by linger: what comes within it is in the batch, what comes after it is not', async () => {
    const world = pollWorld({ lingerMs: 100, delayMs: 400_000 });
    world.log.append(hit(1));
    world.log.schedule(NOW + 100, () => world.log.append(hit(2)));
    world.log.schedule(NOW + 101, () => world.log.append(hit(3)));
    expect(await world.poll({ watermark: -400_000 })).toMatchObject({ next: 2, counters: { read: 2 } });
  });

  test('at once without linger', async () => {
    const world = pollWorld({ lingerMs: 0 });
    world.log.append(hit(1));
    expect(await world.poll()).toMatchObject({ next: 1, caughtUp: { since: NOW } });
    expect(world.log.nowMs).toBe(NOW);
  });

  test('when its worker stops: with what it has', async () => {
    const world = pollWorld({ lingerMs: 10_000, delayMs: 400_000 });
    world.log.append(hit(1));
    world.log.schedule(NOW + 50, () => world.log.append(hit(2)));
    world.log.schedule(NOW + 60, () => world.leaving.abort());
    const result = await world.poll({ watermark: -400_000 });
    expect(result).toMatchObject({ next: 2, counters: { read: 2 }, caughtUp: { since: NOW + 50 } });
    expect(world.log.nowMs).toBeLessThan(NOW + 100);
    expect(await world.poll({ offset: 2 })).toMatchObject({ from: 2, next: 2, counters: { read: 0 } });
  });

  test('when its worker stops, but not an exact one, which others rely on', async () => {
    const world = pollWorld();
    world.log.append(hit(1), hit(2));
    world.leaving.abort();
    expect(await world.poll({ until: 2, exact: true })).toMatchObject({ next: 2, counters: { read: 2 } });
  });

  test('and leaves nothing behind on the signal of its worker, which lives on', async () => {
    const world = pollWorld();
    world.log.append(hit(1));
    await world.poll();
    expect(getEventListeners(world.leaving.signal, 'abort')).toEqual([]);
  });

  test('at until, with more in the log', async () => {
    const world = pollWorld();
    world.log.append(hit(1), hit(2), hit(3));
    expect(await world.poll({ until: 2 })).toMatchObject({ next: 2, counters: { read: 2 }, endOffset: 3 });
  });

  test.each([
    ['a gap of compaction', (world: ReturnType<typeof pollWorld>) => world.log.appendGap(5)],
    [
      'an aborted transaction',
      (world: ReturnType<typeof pollWorld>) => world.log.begin(hit(3), hit(4)).end('abort'),
    ],
  ])('at until, never beyond it, where %s reaches over it', async (_, append) => {
    const world = pollWorld();
    world.log.append(hit(1), hit(2));
    append(world);
    expect((await world.poll({ until: 3 })).next).toBe(3);
    expect((await world.poll({ until: 3, silent: true })).next).toBe(3);
  });

  test('at the next end, even while it lingers', async () => {
    const world = pollWorld({ lingerMs: 10_000 });
    world.log.append(hit(299_999));
    world.log.schedule(NOW + 40, () => world.log.append(hit(300_000)));
    const result = await world.poll({ watermark: 0, nextEnd: 300_000 });
    expect(result).toMatchObject({ next: 2, watermark: 300_000 });
    expect(world.log.nowMs).toBe(NOW + 40);
  });

  test('after the linger, and not before the next end', async () => {
    const world = pollWorld({ lingerMs: 10_000 });
    world.log.append(hit(299_000));
    world.log.schedule(NOW + 40, () => world.log.append(hit(299_849)));
    await world.poll({ watermark: 0, nextEnd: 300_000 });
    expect(world.log.nowMs).toBe(NOW + 10_000);
  });

  test('150 ms after the linger where the next end is as near as that', async () => {
    const world = pollWorld({ lingerMs: 10_000 });
    world.log.append(hit(299_850));
    await world.poll({ watermark: 0, nextEnd: 300_000 });
    expect(world.log.nowMs).toBe(NOW + 10_150);
  });
});

describe('what a poll returns', () => {
  test('rejects carry offset, reason, time, and key and value as base64', async () => {
    const world = pollWorld();
    world.log.append(hit(1), { key: 'k', value: Buffer.from([0xff, 0]), timestampMs: 77 }, { value: null });
    const { rejects } = await world.poll();
    expect(rejects).toEqual([
      { offset: 1, reason: 'bad_json', timestampMs: 77, key: 'aw==', value: '/wA=', valueBytes: 2 },
      { offset: 2, reason: 'empty', timestampMs: NOW, key: null, value: null, valueBytes: null },
    ]);
  });

  test('of a value beyond 1 MiB the beginning and its length', async () => {
    const world = pollWorld();
    world.log.append({ value: 'x'.repeat(1024 * 1024) }, { value: 'x'.repeat(1024 * 1024 + 1) });
    const first = await world.poll();
    const second = await world.poll({ offset: 1 });
    const lengths = [first, second].map(({ rejects: [reject] }) => [
      Buffer.from(reject!.value!, 'base64').length,
      reject!.valueBytes,
    ]);
    expect(lengths).toEqual([
      [1024 * 1024, 1024 * 1024],
      [1024 * 1024, 1024 * 1024 + 1],
    ]);
  });

  test('the end of the log, and caught up only there', async () => {
    const world = pollWorld({ maxBatchEvents: 1 });
    world.log.append(hit(1), hit(2));
    expect(await world.poll()).toMatchObject({ endOffset: 2, caughtUp: null });
    expect(await world.poll({ offset: 1 })).toMatchObject({ endOffset: 2, caughtUp: { since: NOW } });
  });

  test('caught up since the records were there, not since the fetch that waited for them was sent', async () => {
    const world = pollWorld({ lingerMs: 0 });
    world.log.schedule(NOW + 900, () => world.log.append(hit(1)));
    const caughtUp = { since: NOW, addedUntil: NOW, seen: null };
    expect(await world.poll({ caughtUp })).toMatchObject({
      caughtUp: { since: NOW + 900, addedUntil: NOW + 900 },
    });
  });

  test('a failed fetch fails the poll', async () => {
    const world = pollWorld();
    world.log.failNext(new Error('told'));
    await expect(world.poll()).rejects.toThrow('told');
  });
});

describe('data loss', () => {
  function lossy(onDataLoss: 'fail' | 'skip') {
    const world = pollWorld({ onDataLoss });
    world.log.append(hit(1), hit(2), hit(3), hit(4));
    world.log.deleteBefore(3);
    return world;
  }

  test('fail: an error that names both offsets', async () => {
    const error = await lossy('fail')
      .poll()
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(OffsetOutOfRange);
    expect(error).toMatchObject({ wantedOffset: 0, startOffset: 3 });
  });

  test('skip: a counted, logged skip to the oldest', async () => {
    const world = lossy('skip');
    const result = await world.poll();
    expect(result).toMatchObject({ next: 4, counters: { read: 1, skipped: 3 } });
    expect(world.warnings).toHaveLength(1);
  });

  test('skip: never past until', async () => {
    const result = await lossy('skip').poll({ until: 2 });
    expect(result).toMatchObject({ next: 2, counters: { read: 0, skipped: 2 } });
  });

  test('skip: an offset beyond the end is no such loss, and fails', async () => {
    await expect(lossy('skip').poll({ offset: 5 })).rejects.toBeInstanceOf(OffsetOutOfRange);
  });

  test('a log that ends before until fails, and is tried again', async () => {
    const world = pollWorld();
    world.log.append(hit(1));
    expect((await world.poll({ until: 2 })).next).toBe(1);
    await expect(world.poll({ offset: 1, until: 2 })).rejects.toThrow(/ends at 1.*up to 2/);
  });
});

describe('a silent read', () => {
  test('leaves out what was rejected or late, judges nothing late, and tells of no reject', async () => {
    const world = pollWorld();
    world.log.append(hit(700_000), garbage, hit(1), hit(2), hit(650_000));
    world.rejectedOffsets = new Set([1, 2]);
    const result = await world.poll({ silent: true, until: 5 });
    expect(result).toMatchObject({ next: 5, counters: { read: 3, accepted: 3, late: 0 }, rejects: [] });
    expect((result.partial as HitCountsJson).windows).toEqual([[600_000, 0, [0, 1, 2]]]);
  });

  test('stops at until and does not linger', async () => {
    const world = pollWorld({ lingerMs: 10_000 });
    world.log.append(hit(1), hit(2));
    expect((await world.poll({ silent: true, until: 1 })).next).toBe(1);
    expect((await world.poll({ silent: true, until: 2 })).next).toBe(2);
    expect(world.log.nowMs).toBe(NOW);
  });

  test('may end by bytes before until, and goes on from there', async () => {
    const world = pollWorld({ maxBatchBytes: 1000 });
    world.log.append(...Array.from({ length: 30 }, (_, i) => hit(1, { referrer: `p${i}`.padEnd(100) })));
    const first = await world.poll({ silent: true, until: 30 });
    expect(first.next).toBeLessThan(30);
    const second = await world.poll({ silent: true, until: 30, offset: first.next });
    expect(second.from).toBe(first.next);
  });
});
