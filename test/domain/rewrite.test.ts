import { describe, expect, it } from 'vitest';
import { readAgainFrom, rewriteFrom } from '../../src/domain/replay.js';
import { isRewriting, replacedBy, type Rewrite } from '../../src/domain/rewrite.js';

const REWRITE: Rewrite = { from: 100, until: 200, untilOffset: 50, longestMs: 10 };

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
