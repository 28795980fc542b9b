import { describe, expect, test } from 'vitest';
import type { Instant } from '../../../src/domain/instant.js';
import { HitCounts, type Hit } from '../../../src/pipelines/hits/counts.js';
import { hitsOperator } from '../../../src/pipelines/hits/operator.js';

const tumbling = { sizeMs: 10, slideMs: 10, offsetMs: 0 };
const sliding = { sizeMs: 10, slideMs: 5, offsetMs: 0 };

type Taken = [time: number, hit?: Partial<Hit>, watermark?: Instant];

function counted(windows: typeof tumbling, records: Taken[], firstOffset = 0) {
  const counts = new HitCounts(windows);
  for (const [i, [time, hit, watermark = null]] of records.entries()) {
    counts.take({ time, offset: firstOffset + i, item: { host: null, referrer: null, ...hit }, watermark });
  }
  return counts;
}

const sorted = (rows: unknown[]) => rows.map((row) => JSON.stringify(row)).sort();

describe('a hit counts in every window that holds it', () => {
  test('in one of tumbling windows, first and last instant', () => {
    expect(sorted(counted(tumbling, [[0], [9], [10], [-1]]).close(1e9).rows)).toEqual(
      sorted([
        [-10, 0, null, null, 1],
        [0, 10, null, null, 2],
        [10, 20, null, null, 1],
      ]),
    );
  });

  test('in several of sliding windows', () => {
    expect(sorted(counted(sliding, [[12], [-1]]).close(1e9).rows)).toEqual(
      sorted([
        [5, 15, null, null, 1],
        [10, 20, null, null, 1],
        [-10, 0, null, null, 1],
        [-5, 5, null, null, 1],
      ]),
    );
  });

  test('not in one that ends at the watermark it met, but in one that ends 1 ms after', () => {
    const starts = (watermark: number) =>
      counted(sliding, [[12, {}, watermark]])
        .partial()
        .windows.map(([start]) => start);
    expect(starts(14)).toEqual([10, 5]);
    expect(starts(15)).toEqual([10]);
  });
});

describe('groups', () => {
  test('null, empty, and the text null are three', () => {
    const rows = counted(tumbling, [
      [1, { host: null }],
      [1, { host: '' }],
      [1, { host: 'null' }],
      [1, { host: '' }],
    ]).close(10).rows;
    expect(rows).toEqual([
      [0, 10, null, null, 1],
      [0, 10, '', null, 2],
      [0, 10, 'null', null, 1],
    ]);
  });

  test('host and referrer do not run into each other', () => {
    const rows = counted(tumbling, [
      [1, { host: 'ab', referrer: 'c' }],
      [1, { host: 'a', referrer: 'bc' }],
    ]).close(10).rows;
    expect(rows).toHaveLength(2);
  });

  test('names such as __proto__ are names', () => {
    const counts = counted(tumbling, [[1, { host: '__proto__', referrer: 'constructor' }]]);
    const merged = new HitCounts(tumbling);
    merged.merge(JSON.parse(JSON.stringify(counts.partial())));
    expect(merged.close(10).rows).toEqual([[0, 10, '__proto__', 'constructor', 1]]);
  });
});

describe('open windows', () => {
  test('close at their end, exactly, once', () => {
    const counts = counted(tumbling, [[1], [11]]);
    expect(counts.close(9).rows).toEqual([]);
    expect(counts.close(10).rows).toEqual([[0, 10, null, null, 1]]);
    expect(counts.close(10).rows).toEqual([]);
    expect([counts.nextEnd(), counts.lastEnd()]).toEqual([20, 20]);
    counts.close(20);
    expect([counts.nextEnd(), counts.lastEnd(), counts.rebuildFrom()]).toEqual([null, null, null]);
  });

  test('tell their first and last end, whatever the order of the records', () => {
    const counts = counted(tumbling, [[25], [1], [15]]);
    expect([counts.nextEnd(), counts.lastEnd()]).toEqual([10, 30]);
  });

  test('are merged by window and group; the smallest offset stays', () => {
    const merged = new HitCounts(tumbling);
    const later = counted(
      tumbling,
      [
        [1, { host: 'a' }],
        [1, { host: 'b' }],
      ],
      50,
    ).partial();
    const earlier = counted(
      tumbling,
      [
        [1, { host: 'b' }],
        [11, { host: 'b' }],
      ],
      7,
    ).partial();
    merged.merge(later);
    merged.merge(earlier);
    expect(merged.rebuildFrom()).toBe(7);
    expect(merged.close(10).rows).toEqual([
      [0, 10, 'a', null, 1],
      [0, 10, 'b', null, 2],
    ]);
    expect(merged.rebuildFrom()).toBe(8);
  });

  test('go through JSON whole', () => {
    const counts = counted(sliding, [
      [1, { host: 'a', referrer: 'r' }],
      [3, { referrer: 'r' }],
      [12, { host: 'a' }],
    ]);
    const again = new HitCounts(sliding);
    again.merge(JSON.parse(JSON.stringify(counts.snapshot())));
    expect(again.snapshot()).toEqual(counts.snapshot());
    expect(again.close(1e9)).toEqual(counts.close(1e9));
  });
});

describe('the operator', () => {
  const operator = hitsOperator(sliding);
  test('late: every window of the record ended at or before the watermark', () => {
    expect([operator.isLate(12, 19), operator.isLate(12, 20)]).toEqual([false, true]);
  });
  test('possible ends form a grid', () => {
    expect([operator.nextPossibleEnd(14), operator.nextPossibleEnd(15)]).toEqual([15, 20]);
  });
});
