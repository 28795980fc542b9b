import { describe, expect, it } from 'vitest';
import type { Measured } from '../../../bench/peers/measured.js';
import { cells, peersTable, slope, type Row } from '../../../bench/peers/table.js';

const MIB = 2 ** 20;
const EVENTS = 1_000_000;

function measured(cpuSeconds: number, more: Partial<Measured> = {}): Measured {
  return {
    cpuSeconds,
    wallSeconds: 12.4,
    peakBytes: 730 * MIB,
    postgresCpuSeconds: 0.94,
    kafkaCpuSeconds: 0.7,
    ...more,
  };
}

const WHOLE: Row = {
  job: 'hits',
  engine: 'Flink',
  startUp: measured(9.1),
  measured: measured(20.8),
  thrice: measured(22.8),
  results: { rows: 42171, open: 0, lost: 0, checksum: '0badcafe', agrees: true },
  latency: { p50Ms: 281, p99Ms: 307 },
  notes: [],
};

describe('slope', () => {
  it('is what each further million of events costs', () => {
    expect(slope({ events: 1e6, cpuSeconds: 20 }, { events: 3e6, cpuSeconds: 23 })).toBe(1.5);
  });

  it('is told per million for fewer events, too', () => {
    expect(slope({ events: 100_000, cpuSeconds: 10 }, { events: 300_000, cpuSeconds: 11 })).toBeCloseTo(5);
  });

  it('may be below zero, where the larger run happened to cost less', () => {
    expect(slope({ events: 1e6, cpuSeconds: 21 }, { events: 3e6, cpuSeconds: 20 })).toBe(-0.5);
  });
});

describe('a row of the table', () => {
  it('tells CPU with and without start-up, slope, wall, memory, servers, rows, checksum and latency', () => {
    expect(cells(WHOLE, EVENTS)).toEqual(
      ['hits', 'Flink', '20.8', '9.1', '11.7', '1.0', '12', '730', '0.9', '0.7'].concat([
        '42171',
        '0',
        '0',
        '0badcafe =',
        '281 / 307',
        '',
      ]),
    );
  });

  it('tells the part of Temporal beside that of the worker, whose CPU holds it', () => {
    const weir = measured(6.2, { temporalCpuSeconds: 0.9, temporalPeakBytes: 95 * MIB });
    const row = cells({ ...WHOLE, engine: 'weir', measured: weir }, EVENTS);
    expect(row[2]).toBe('6.2 (T 0.9)');
    expect(row[7]).toBe('730 (T 95)');
  });

  it('marks a checksum that is not that of the exact pass, and tells events that are lost', () => {
    const row = cells({ ...WHOLE, results: { ...WHOLE.results!, lost: 698713, agrees: false } }, EVENTS);
    expect(row.slice(12, 14)).toEqual(['698713', '0badcafe ≠']);
  });

  it('leaves empty what is not known, and says why', () => {
    const row = cells({ job: 'hits', engine: 'Spark', notes: ['failed: no jar'] }, EVENTS);
    expect(row).toEqual(['hits', 'Spark', ...Array<string>(13).fill(''), 'failed: no jar']);
  });

  it('keeps what was measured before something failed', () => {
    const { thrice: _, ...half } = WHOLE;
    const row = cells({ ...half, notes: ['failed: did not end within 10 minutes'] }, EVENTS);
    expect(row[2]).toBe('20.8');
    expect(row[5]).toBe('');
  });
});

it('the table has a line for each row, and its head', () => {
  const lines = peersTable([WHOLE, { ...WHOLE, engine: 'Spark' }], EVENTS).split('\n');
  expect(lines.filter((line) => /Flink|Spark/.test(line))).toHaveLength(2);
  for (const name of ['CPU s', 'start-up', 'without', 'slope', 'wall s', 'checksum', 'p50 / p99 ms'])
    expect(lines[1]).toContain(name);
});
