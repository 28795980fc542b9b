import { describe, expect, test } from 'vitest';
import {
  afterEmptyFetch,
  caughtUpAt,
  followed,
  isQuiet,
  wantsJobClock,
  type CaughtUp,
  type EmptyFetch,
  type JobClock,
} from '../../src/domain/quietClock.js';

const IDLE = 100;
const NOBODY: JobClock = { awake: 0, smallestAwake: null, largest: null, endsUntil: null };

function emptyFetch(before: CaughtUp, at: number, rest: Partial<EmptyFetch> = {}) {
  return afterEmptyFetch(before, { at, watermark: 0, idleAfterMs: IDLE, job: null, ...rest });
}

/** Empty fetches one after the other, each with how the job stands then. */
function fetches(
  start: { caughtUp: CaughtUp; watermark: number | null },
  ...jobs: [at: number, job: JobClock][]
) {
  let { caughtUp, watermark } = start;
  for (const [at, job] of jobs) {
    const wanted = wantsJobClock(caughtUp, at, IDLE) ? job : null;
    ({ caughtUp, watermark } = afterEmptyFetch(caughtUp, { at, watermark, idleAfterMs: IDLE, job: wanted }));
  }
  return { caughtUp, watermark };
}

describe('quiet', () => {
  test('1 ms before idleAfter not yet', () => expect(isQuiet(caughtUpAt(50), 149, IDLE)).toBe(false));
  test('exactly idleAfter after it was caught up', () =>
    expect(isQuiet(caughtUpAt(50), 150, IDLE)).toBe(true));
});

describe('wall-clock speed', () => {
  test('within idleAfter nothing moves', () => {
    expect(emptyFetch(caughtUpAt(50), 149)).toEqual({ watermark: 0, caughtUp: caughtUpAt(50) });
  });

  test('at idleAfter, by all the time since it was caught up', () => {
    expect(emptyFetch(caughtUpAt(50), 150)).toEqual({
      watermark: 100,
      caughtUp: { since: 50, addedUntil: 150, seen: null },
    });
  });

  test('then by the time between empty fetches, however many there are', () => {
    const once = emptyFetch(caughtUpAt(0), 1000);
    let many: { caughtUp: CaughtUp; watermark: number | null } = { caughtUp: caughtUpAt(0), watermark: 0 };
    for (let at = 90; at <= 1000; at += 7)
      many = emptyFetch(many.caughtUp, at, { watermark: many.watermark });
    many = emptyFetch(many.caughtUp, 1000, { watermark: many.watermark });
    expect(many).toEqual(once);
    expect(once.watermark).toBe(1000);
  });

  test('a clock that goes back moves nothing back', () => {
    const { caughtUp, watermark } = emptyFetch(caughtUpAt(0), 200);
    expect(emptyFetch(caughtUp, 150, { watermark })).toEqual({ caughtUp, watermark });
  });

  test('without a watermark there is nothing to move, and that time is not added later', () => {
    const { caughtUp, watermark } = emptyFetch(caughtUpAt(0), 500, { watermark: null });
    expect(watermark).toBeNull();
    expect(emptyFetch(caughtUp, 510, { watermark: 7 }).watermark).toBe(17);
  });
});

describe('whom a quiet partition follows', () => {
  test('the smallest watermark of those that are not quiet', () => {
    expect(followed({ ...NOBODY, awake: 2, smallestAwake: 5, largest: 9 })).toBe(5);
  });
  test('one of these without a watermark holds it back', () => {
    expect(followed({ ...NOBODY, awake: 2, smallestAwake: null, largest: 9 })).toBeNull();
  });
  test('the largest when all are quiet', () => {
    expect(followed({ ...NOBODY, awake: 0, smallestAwake: null, largest: 9 })).toBe(9);
  });
  test('nobody when it is alone', () => expect(followed(NOBODY)).toBeNull());
});

describe('it takes over what it saw idleAfter ago', () => {
  const at = (smallestAwake: number): JobClock => ({ ...NOBODY, awake: 1, smallestAwake, largest: 9999 });
  const start = { caughtUp: caughtUpAt(0), watermark: null };

  test('within idleAfter it only looks', () => {
    const { watermark, caughtUp } = fetches(start, [0, at(500)], [99, at(600)]);
    expect(watermark).toBeNull();
    expect(caughtUp.seen).toEqual({ at: 0, watermark: 500 });
  });

  test('exactly idleAfter later it takes over what was seen, not what is', () => {
    const { watermark, caughtUp } = fetches(start, [0, at(500)], [100, at(600)]);
    expect(watermark).toBe(500);
    expect(caughtUp.seen).toEqual({ at: 100, watermark: 600 });
  });

  test('and so on', () => {
    expect(fetches(start, [0, at(500)], [100, at(900)], [199, at(950)]).watermark).toBe(599); // 500, and the clock
    expect(fetches(start, [0, at(500)], [100, at(900)], [200, at(950)]).watermark).toBe(900);
  });

  test('its own watermark never goes back for it', () => {
    expect(fetches({ ...start, watermark: 5000 }, [0, at(500)], [100, at(600)]).watermark).toBe(5100);
  });

  test('the job is asked only when the answer would be used', () => {
    expect(wantsJobClock(caughtUpAt(0), 0, IDLE)).toBe(true);
    const seen = { ...caughtUpAt(0), seen: { at: 50, watermark: null } };
    expect(wantsJobClock(seen, 149, IDLE)).toBe(false);
    expect(wantsJobClock(seen, 150, IDLE)).toBe(true);
  });
});
