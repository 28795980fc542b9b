import { describe, expect, test } from 'vitest';
import { allClosed, latestStart, nextEndAfter } from '../../src/domain/windows.js';

const tumbling = { sizeMs: 10, slideMs: 10, offsetMs: 0 };
const sliding = { sizeMs: 10, slideMs: 5, offsetMs: 0 };
const holes = { sizeMs: 10, slideMs: 25, offsetMs: 0 };

describe('windows are aligned to the epoch plus offset, by floor division', () => {
  test.each([
    [0, tumbling, 0],
    [9, tumbling, 0],
    [10, tumbling, 10],
    [-1, tumbling, -10],
    [-10, tumbling, -10],
    [-11, tumbling, -20],
    [12, sliding, 10],
    [15, sliding, 15],
    [24, holes, 0],
    [25, holes, 25],
    [2, { ...tumbling, offsetMs: 3 }, -7],
    [3, { ...tumbling, offsetMs: 3 }, 3],
    [-3, { ...tumbling, offsetMs: -3 }, -3],
    [-4, { ...tumbling, offsetMs: -3 }, -13],
    [6, { ...tumbling, offsetMs: 27 }, -3],
    [7, { ...tumbling, offsetMs: 27 }, 7],
  ])('the latest start at or before %i in %j is %i', (time, windows, start) => {
    expect(latestStart(time, windows)).toBe(start);
  });

  test('week-long windows that begin on Mondays', () => {
    const day = 86_400_000;
    const weeks = { sizeMs: 7 * day, slideMs: 7 * day, offsetMs: 4 * day }; // 1970-01-05 was one
    expect(latestStart(Date.UTC(2026, 0, 4, 23, 59), weeks)).toBe(Date.UTC(2025, 11, 29));
    expect(latestStart(Date.UTC(2026, 0, 5), weeks)).toBe(Date.UTC(2026, 0, 5));
  });
});

describe('the next end after an instant', () => {
  test.each([
    [9, tumbling, 10],
    [10, tumbling, 20],
    [11, tumbling, 20],
    [-1, tumbling, 0],
    [0, tumbling, 10],
    [14, sliding, 15],
    [15, sliding, 20],
    [9, holes, 10],
    [10, holes, 35],
    [34, holes, 35],
    [-16, holes, -15],
    [-15, holes, 10],
    [6, { ...tumbling, offsetMs: -3 }, 7],
    [7, { ...tumbling, offsetMs: -3 }, 17],
  ])('%i in %j is %i', (time, windows, end) => {
    expect(nextEndAfter(time, windows)).toBe(end);
  });
});

describe('all windows of an instant are closed when the last ends at or before the watermark', () => {
  test.each([
    [9, 9, tumbling, false],
    [9, 10, tumbling, true],
    [0, 9, tumbling, false],
    [0, 10, tumbling, true],
    [-5, -1, tumbling, false],
    [-5, 0, tumbling, true],
    [12, 15, sliding, false],
    [12, 19, sliding, false],
    [12, 20, sliding, true],
    [9, 9, holes, false],
    [9, 10, holes, true],
  ])('%i at watermark %i in %j: %s', (...[time, watermark, windows, closed]) => {
    expect(allClosed(time, watermark, windows)).toBe(closed);
  });

  test('an instant in a hole has none, so they never are', () => {
    expect(allClosed(10, 1e9, holes)).toBe(false);
    expect(allClosed(24, 1e9, holes)).toBe(false);
    expect(allClosed(25, 1e9, holes)).toBe(true);
  });
});
