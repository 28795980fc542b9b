import { describe, expect, it } from 'vitest';
import { readAgainFrom, rewriteFrom, rewriteOf } from '../../src/domain/replay.js';
import { isRewriting, replacedBy, type Rewrite } from '../../src/domain/rewrite.js';

const REWRITE: Rewrite = { from: 100, writeAfter: 100, until: 200, untilOffset: 50, longestMs: 10 };

describe('what a commit takes away of older epochs', () => {
  const at = (offset: number, watermark: number | null) => ({ offset, watermark });
  it.each([
    { of: 'begins at T', before: at(0, null), now: at(10, 120), ends: [100, 120], offsets: [0, 10] },
    { of: 'begins at T, not before', before: at(0, 90), now: at(9, 101), ends: [100, 101], offsets: [0, 9] },
    { of: 'is nothing up to T', before: at(0, null), now: at(10, 100), ends: null, offsets: [0, 10] },
    {
      of: 'follows the watermark',
      before: at(10, 120),
      now: at(20, 150),
      ends: [120, 150],
      offsets: [10, 20],
    },
    {
      of: 'ends where all is passed',
      before: at(40, 199),
      now: at(60, 300),
      ends: [199, 300],
      offsets: [40, 60],
    },
    {
      of: 'is no verdict behind what was read',
      before: at(50, 199),
      now: at(60, 300),
      ends: [199, 300],
      offsets: null,
    },
    {
      of: 'is no result behind the last',
      before: at(49, 200),
      now: at(60, 300),
      ends: null,
      offsets: [49, 60],
    },
  ])('$of', ({ before, now, ends, offsets }) => {
    expect(replacedBy(REWRITE, before, now)).toEqual({ ends, offsets, longestMs: 10 });
  });

  it('is nothing once the replay is over, or where there is none', () => {
    const over = { offset: 50, watermark: 200 };
    expect(isRewriting(REWRITE, over)).toBe(false);
    expect(replacedBy(REWRITE, over, { offset: 60, watermark: 300 })).toBeNull();
    expect(replacedBy(null, over, { offset: 60, watermark: 300 })).toBeNull();
    expect(isRewriting(REWRITE, { offset: 50, watermark: 199 })).toBe(true);
    expect(isRewriting(REWRITE, { offset: 49, watermark: 200 })).toBe(true);
  });
});

describe('the start of a replay', () => {
  const stopped = { offset: 9, watermark: 150, rebuildFrom: 5, advances: [] };

  it('is at most the committed watermark', () => {
    expect(rewriteFrom(149, stopped)).toBe(149);
    expect(rewriteFrom(151, stopped)).toBe(150);
    expect(rewriteFrom(151, { ...stopped, watermark: null })).toBeNull();
  });

  it('is at most what an earlier replay has written again', () => {
    expect(rewriteFrom(180, { ...stopped, watermark: null, rewrite: REWRITE })).toBe(100);
    expect(rewriteFrom(180, { ...stopped, watermark: 130, rewrite: REWRITE })).toBe(130);
  });

  it('reads from the look-back on, or from the earliest start less gap and guard', () => {
    const reaches = { lookBackMs: 40, betweenMs: 10, futureGuardMs: 5 };
    expect(readAgainFrom(100, null, reaches)).toBe(60);
    expect(readAgainFrom(100, 75, reaches)).toBe(60);
    expect(readAgainFrom(100, 74, reaches)).toBe(59);
  });
});

describe('where the watermark of the new epoch is moved on', () => {
  const begun = (
    from: number | null,
    { delayGrewMs = 0, gapGrewMs = 0, advances = [] as [number, number][] },
  ) => {
    const stopped = { offset: 9, watermark: 150, rebuildFrom: 5, advances };
    return rewriteOf(from, stopped, {
      epochs: [{ offset: 9, watermark: 150, longestMs: 10 }],
      delayGrewMs,
      gapGrewMs,
    });
  };

  it('is what is not written again, with a larger delay, too: what comes behind it is late, not lost', () => {
    expect(begun(150, { delayGrewMs: 60 }).advances).toEqual([[9, 150]]);
    expect(begun(149, {}).advances).toEqual([[9, 149]]);
  });

  it('is the last move of the clock, less what the delay has grown, and never more', () => {
    expect(begun(150, { advances: [[9, 190]] }).advances).toEqual([[9, 190]]);
    expect(begun(150, { advances: [[9, 190]], delayGrewMs: 30 }).advances).toEqual([[9, 160]]);
    expect(begun(150, { advances: [[9, 190]], delayGrewMs: -30 }).advances).toEqual([[9, 190]]);
    expect(begun(150, { advances: [[8, 190]] }).advances).toEqual([[9, 150]]);
  });

  it('is nowhere where nothing is kept', () => expect(begun(null, {}).advances).toEqual([]));

  it('follows another gap: results are written that end as much later or earlier', () => {
    expect(begun(140, { gapGrewMs: -5 }).rewrite).toMatchObject({ from: 140, writeAfter: 135 });
    expect(begun(140, { gapGrewMs: 5 }).rewrite).toMatchObject({ from: 140, writeAfter: 145 });
  });
});
