import { describe, expect, test } from 'vitest';
import { addCounters, NO_RECORDS } from '../../src/domain/accounting.js';
import { latest } from '../../src/domain/instant.js';
import { jobLine } from '../../src/domain/line.js';

describe("the job's line", () => {
  test('is the smallest watermark', () => expect(jobLine([7, -3, 5])).toBe(-3));
  test('there is none while a partition has none', () => expect(jobLine([7, null, 5])).toBeNull());
  test('there is none without partitions', () => expect(jobLine([])).toBeNull());
});

describe('the later of two instants', () => {
  test.each([
    [1, 2, 2],
    [2, 1, 2],
    [null, -5, -5],
    [-5, null, -5],
    [null, null, null],
    [0, null, 0],
  ])('%o and %o: %o', (a, b, later) => expect(latest(a, b)).toBe(later));
});

test('counters add up field by field', () => {
  const one = { read: 15, accepted: 8, duplicate: 4, late: 2, rejected: 1, skipped: 32 };
  expect(addCounters(one, NO_RECORDS)).toEqual(one);
  expect(addCounters(one, one)).toEqual({
    read: 30,
    accepted: 16,
    duplicate: 8,
    late: 4,
    rejected: 2,
    skipped: 64,
  });
});
