import { describe, expect, test } from 'vitest';
import type { CaughtUp } from '../../src/domain/quietClock.js';
import { ALONE, hit, pollWorld } from '../support/pollWorld.js';

const NOW = 1_000_000;
const SECOND = 1000;
const MINUTE = 60_000;

function since(at: number): CaughtUp {
  return { since: at, addedUntil: at, seen: null };
}

/** One that saw nothing of the others worth following. */
const quiet = { caughtUp: since(NOW - 30 * SECOND), watermark: 0 };

describe('the wall clock moves the watermark', () => {
  test('not before idleAfter', async () => {
    const result = await pollWorld().poll({ watermark: 0, caughtUp: since(NOW - 29_999), stayMs: 0 });
    expect(result).toMatchObject({ advance: null, watermark: 0 });
  });

  test('from idleAfter on, by all the time since it was caught up', async () => {
    const result = await pollWorld().poll({ watermark: 7, caughtUp: since(NOW - 30_000), stayMs: 0 });
    expect(result).toMatchObject({ advance: 30_007, watermark: 30_007, caughtUp: { addedUntil: NOW } });
  });

  test('to the time at which the last empty fetch was sent, not to when it came back', async () => {
    const world = pollWorld();
    const result = await world.poll({ ...quiet, stayMs: 5 * SECOND });
    expect(world.log.nowMs).toBe(NOW + 5 * SECOND);
    expect(result.advance).toBe(34 * SECOND);
  });

  test('never with idle off', async () => {
    const result = await pollWorld({ idle: 'off' }).poll({ ...quiet, stayMs: 2 * MINUTE });
    expect(result).toMatchObject({ advance: null, watermark: 0 });
  });
});

describe('a poll that reads nothing stays inside', () => {
  test('for ten minutes, when everything is quiet and nothing is open', async () => {
    const world = pollWorld();
    world.jobClock = { awake: 0, smallestAwake: null, largest: 5, endsUntil: null };
    const result = await world.poll(quiet);
    expect(world.log.nowMs).toBe(NOW + 10 * MINUTE);
    expect(result).toMatchObject({ from: 0, next: 0, counters: { read: 0 } });
  });

  test('for ten minutes, with idle off, even where another partition is awake', async () => {
    const world = pollWorld({ idle: 'off' });
    world.jobClock = { awake: 1, smallestAwake: 9e9, largest: 9e9, endsUntil: 9e9 };
    await world.poll(quiet);
    expect(world.log.nowMs).toBe(NOW + 10 * MINUTE);
  });

  test('and reads how the job stands at most once a second', async () => {
    const world = pollWorld({ sizeMs: 100, slideMs: 100 });
    await world.poll(quiet);
    const gaps = world.jobClockReads.slice(1).map((at, i) => at - world.jobClockReads[i]!);
    expect(gaps.length).toBeGreaterThan(500);
    expect(Math.min(...gaps)).toBe(SECOND);
  });

  test('at most as long as it may', async () => {
    const world = pollWorld();
    await world.poll({ ...quiet, stayMs: 2500 });
    expect(world.log.nowMs).toBe(NOW + 2500);
  });
});

describe('it returns', () => {
  test('as soon as its watermark passes the next end, exactly', async () => {
    const world = pollWorld();
    const result = await world.poll({ ...quiet, nextEnd: 40 * SECOND });
    expect(result.advance).toBe(40 * SECOND);
  });

  test('at a possible end, while another partition is awake', async () => {
    const world = pollWorld();
    world.jobClock = { awake: 1, smallestAwake: null, largest: null, endsUntil: null };
    const result = await world.poll(quiet);
    expect(result.advance).toBe(5 * MINUTE);
  });

  test('at a possible end, while another partition has something that ends after its watermark', async () => {
    const world = pollWorld();
    world.jobClock = { ...ALONE, endsUntil: 1 };
    const result = await world.poll(quiet);
    expect(result.advance).toBe(5 * MINUTE);
  });

  test('not at a possible end, when all that others had ends at its watermark', async () => {
    const world = pollWorld();
    world.jobClock = { ...ALONE, endsUntil: 0 };
    await world.poll(quiet);
    expect(world.log.nowMs).toBe(NOW + 10 * MINUTE);
  });

  test('when another partition wakes up, soon after it does', async () => {
    const world = pollWorld();
    world.log.schedule(NOW + 7.5 * MINUTE, () => (world.jobClock = { ...ALONE, awake: 1 }));
    await world.poll(quiet);
    expect(world.log.nowMs).toBeGreaterThanOrEqual(NOW + 7.5 * MINUTE);
    expect(world.log.nowMs).toBeLessThanOrEqual(NOW + 7.5 * MINUTE + 2 * SECOND);
  });

  test('after one empty fetch, when the run has something to commit', async () => {
    const world = pollWorld();
    await world.poll({ ...quiet, uncommitted: true });
    expect(world.log.nowMs).toBe(NOW + SECOND);
  });

  test('after one empty fetch, when the partition was not caught up before', async () => {
    const world = pollWorld();
    expect((await world.poll({ watermark: 0 })).caughtUp).toMatchObject({ since: NOW });
    expect(world.log.nowMs).toBe(NOW + SECOND);
  });

  test('after one fetch that only passed a gap', async () => {
    const world = pollWorld();
    world.log.appendGap(3);
    const result = await world.poll(quiet);
    expect(result).toMatchObject({ from: 0, next: 3, counters: { read: 0 } });
  });

  test('when records come', async () => {
    const world = pollWorld({ lingerMs: 0 });
    world.log.schedule(NOW + 90_500, () => world.log.append(hit(1)));
    expect((await world.poll(quiet)).next).toBe(1);
    expect(world.log.nowMs).toBe(NOW + 90_500);
  });
});

describe('a quiet partition follows the job', () => {
  test('an empty one takes over what it saw idleAfter ago, and returns', async () => {
    const world = pollWorld();
    world.jobClock = { awake: 1, smallestAwake: 500, largest: 900, endsUntil: null };
    world.log.schedule(NOW + 1500, () => (world.jobClock = { ...world.jobClock, smallestAwake: 700 }));
    const result = await world.poll({ caughtUp: since(NOW) });
    expect(result).toMatchObject({ advance: 500, watermark: 500 });
    expect(world.log.nowMs).toBe(NOW + 31 * SECOND);
  });

  test('a partition without a watermark holds it back', async () => {
    const world = pollWorld();
    world.jobClock = { awake: 2, smallestAwake: null, largest: 900, endsUntil: 9e9 };
    const result = await world.poll({ caughtUp: since(NOW) });
    expect(result).toMatchObject({ advance: null, watermark: null });
    expect(world.log.nowMs).toBe(NOW + 10 * MINUTE);
  });

  test('records in between begin it anew', async () => {
    const world = pollWorld({ lingerMs: 0 });
    world.jobClock = { awake: 1, smallestAwake: 500_000, largest: 500_000, endsUntil: null };
    world.log.schedule(NOW + 29_500, () => world.log.append(hit(10)));
    const result = await world.poll({ watermark: 0, caughtUp: since(NOW) });
    expect(result).toMatchObject({ next: 1, advance: null, caughtUp: { since: NOW + 29_500, seen: null } });
  });
});

describe('records are judged by the last empty fetch, never by now', () => {
  const windows = { sizeMs: SECOND, slideMs: SECOND };

  test('after an outage the first fetch decides: with records, nothing moved meanwhile', async () => {
    const world = pollWorld(windows);
    world.log.append(hit(0), hit(500));
    const result = await world.poll({ watermark: 0, caughtUp: since(NOW - 60 * MINUTE) });
    expect(result).toMatchObject({ advance: null, counters: { accepted: 2, late: 0 }, watermark: 500 });
  });

  test('after an outage the first fetch decides: an empty one moves the watermark over all of it', async () => {
    const world = pollWorld(windows);
    const result = await world.poll({ watermark: 0, caughtUp: since(NOW - 60 * MINUTE), stayMs: 0 });
    expect(result.advance).toBe(60 * MINUTE);
  });

  test('advance and records in one poll: late is what ends at or before the advance', async () => {
    const world = pollWorld({ ...windows, lingerMs: 0 });
    world.log.schedule(NOW + 60_500, () => world.log.append(hit(58_999), hit(59_000)));
    const result = await world.poll({ watermark: 0, caughtUp: since(NOW) });
    expect(result).toMatchObject({ advance: 59_000, watermark: 59_000, counters: { accepted: 1, late: 1 } });
    expect(result.rejects).toMatchObject([{ offset: 0, reason: 'late' }]);
  });
});
