import { describe, expect, it } from 'vitest';
import type { HitRow } from '../../../src/pipelines/hits/counts.js';
import { hitRowJson, HitTotals } from '../../../src/pipelines/hits/output.js';

const row = (start: number, hits = 1, host: string | null = 'a'): HitRow => [
  start,
  start + 10,
  host,
  null,
  hits,
];

describe('HitTotals', () => {
  it('adds up what partitions have for the same window, host and referrer', () => {
    const totals = new HitTotals();
    totals.add([row(0, 1), row(0, 5, null)]);
    totals.add([row(0, 2), row(10, 4)]);
    expect([...totals.takeUntil(20)]).toEqual([row(0, 5, null), row(0, 3), row(10, 4)]);
  });

  it('gives rows whose end is at the line, exactly, and none a millisecond before; each once', () => {
    const totals = new HitTotals();
    totals.add([row(0)]);
    expect([...totals.takeUntil(9)]).toEqual([]);
    expect([...totals.takeUntil(10)]).toEqual([row(0)]);
    expect([...totals.takeUntil(10)]).toEqual([]);
  });

  it('keeps groups apart whose texts join to the same', () => {
    const totals = new HitTotals();
    const rows: HitRow[] = [
      [0, 10, 'a', 'bc', 1],
      [0, 10, 'ab', 'c', 1],
      [0, 10, 'null', null, 1],
    ];
    totals.add([...rows, [0, 10, null, 'null', 1]]);
    expect([...totals.takeUntil(10)]).toEqual([[0, 10, null, 'null', 1], ...rows]);
  });
});

describe('hitRowJson', () => {
  it.each([
    [0, '1970-01-01T00:00:00.000Z', '1970-01-01T00:00:00.010Z'],
    [-1, '1969-12-31T23:59:59.999Z', '1970-01-01T00:00:00.009Z'],
    [1_431_857_103_120, '2015-05-17T10:05:03.120Z', '2015-05-17T10:05:03.130Z'],
  ])(
    'has the columns of the table in their order, and times in UTC with milliseconds: %i',
    (start, from, until) => {
      expect(JSON.stringify(hitRowJson([start, start + 10, null, 'r', 7]))).toBe(
        `{"window_start":"${from}","window_end":"${until}","host":null,"referrer":"r","num_hits":7}`,
      );
    },
  );
});
