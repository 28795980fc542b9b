import { describe, expect, test } from 'vitest';
import { BatchFold, type FoldOptions } from '../../src/domain/fold.js';
import type { HitCountsJson, Hit } from '../../src/pipelines/hits/counts.js';
import { hitsOperator } from '../../src/pipelines/hits/operator.js';

const HIT: Hit = { host: null, referrer: null };

function newFold(options: Partial<FoldOptions<Hit, HitCountsJson>> = {}) {
  const operator = hitsOperator({ sizeMs: 10, slideMs: 10, offsetMs: 0 });
  const fold = new BatchFold({ operator, delayMs: 0, futureGuardMs: 100, watermark: null, ...options });
  let offset = 0;
  const add = (time: number, timestampMs: number | null = null): string | null =>
    fold.add({ offset: offset++, timestampMs }, { reason: null, time, item: HIT });
  const reject = (reason: string): string | null =>
    fold.add({ offset: offset++, timestampMs: null }, { reason });
  return { fold, add, reject };
}

describe('future guard', () => {
  test('exactly as far ahead of its record as allowed: accepted', () => {
    expect(newFold().add(1100, 1000)).toBeNull();
  });

  test('1 ms further: rejected, and the watermark stays', () => {
    const { fold, add } = newFold();
    expect(add(1101, 1000)).toBe('future');
    expect(fold.watermark).toBeNull();
    expect(fold.counters).toMatchObject({ read: 1, rejected: 1, accepted: 0, late: 0 });
  });

  test('there is none without a timestamp', () => {
    expect(newFold().add(1e12)).toBeNull();
  });

  test('it comes after what the decoder found, and before late', () => {
    const { fold, reject, add } = newFold({ watermark: 5000 });
    expect(reject('bad_time')).toBe('bad_time');
    expect(add(1101, 1000)).toBe('future');
    expect(add(1100, 1000)).toBe('late');
    expect(fold.counters).toMatchObject({ read: 3, rejected: 2, late: 1 });
  });
});

describe('the watermark', () => {
  test('is the largest time less the delay, record by record, never back', () => {
    const { fold, add } = newFold({ delayMs: 5 });
    const seen = [12, 30, 27, 31].map((time) => {
      add(time);
      return fold.watermark;
    });
    expect(seen).toEqual([7, 25, 25, 26]);
  });

  test('there is none before the first record, and then nothing is late', () => {
    const { fold, add } = newFold();
    expect(add(-1e9)).toBeNull();
    expect(fold.watermark).toBe(-1e9);
  });

  test('rejected records do not move it', () => {
    const { fold, reject } = newFold({ watermark: 3 });
    reject('bad_json');
    expect(fold.watermark).toBe(3);
  });

  test('a late record would not have moved it', () => {
    const { fold, add } = newFold({ watermark: 30 });
    expect(add(19)).toBe('late');
    expect(fold.watermark).toBe(30);
  });
});

describe('late', () => {
  test('when its window ends at the watermark, exactly', () => {
    expect(newFold({ watermark: 10 }).add(9)).toBe('late');
  });

  test('not when it ends 1 ms after', () => {
    expect(newFold({ watermark: 9 }).add(9)).toBeNull();
  });

  test('the watermark decides as it stood before the record', () => {
    const { add } = newFold();
    expect([add(9), add(10), add(9), add(10)]).toEqual([null, null, 'late', null]);
  });

  test('a record of several windows counts in those still open, and is late when none is', () => {
    const operator = hitsOperator({ sizeMs: 10, slideMs: 5, offsetMs: 0 });
    const { fold, add } = newFold({ operator, watermark: 19 });
    expect(add(14)).toBeNull();
    expect(fold.gathering.partial().windows.map(([start]) => start)).toEqual([10]);
    const later = newFold({ operator, watermark: 20 });
    expect(later.add(14)).toBe('late');
    expect(later.add(15)).toBeNull();
  });

  test('a record in a hole is accepted, counts nowhere, and moves the watermark', () => {
    const operator = hitsOperator({ sizeMs: 10, slideMs: 25, offsetMs: 0 });
    const { fold, add } = newFold({ operator, watermark: 1000 });
    expect(add(12)).toBeNull();
    expect(add(1024)).toBeNull();
    expect(fold.watermark).toBe(1024);
    expect(fold.counters).toMatchObject({ accepted: 2, late: 0 });
    expect(fold.gathering.partial().windows).toEqual([]);
  });

  test('a silent read judges nothing late', () => {
    const { fold, add } = newFold({ watermark: 10, silent: true });
    expect(add(9)).toBeNull();
    expect(fold.counters).toMatchObject({ accepted: 1, late: 0 });
  });
});

test('read = accepted + late + rejected', () => {
  const { fold, add, reject } = newFold();
  for (const time of [1, 30, 2, 3, 31]) add(time);
  reject('empty');
  add(5000, 1);
  expect(fold.counters).toEqual({ read: 7, accepted: 3, duplicate: 0, late: 2, rejected: 2, skipped: 0 });
});
