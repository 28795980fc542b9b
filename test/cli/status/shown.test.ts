import { describe, expect, it } from 'vitest';
import { shownJob } from '../../../src/cli/status/shown.js';
import type { JobStatus, PartitionStatus } from '../../../src/cli/status/types.js';

const NOW = Date.UTC(2026, 0, 1, 10);

const partition = (overrides: Partial<PartitionStatus> = {}): PartitionStatus => ({
  stage: 1,
  partition: 0,
  state: 'running',
  offset: 10,
  readOffset: 12,
  endOffset: 15,
  lag: 3,
  lagMs: 2500,
  watermark: NOW - 1,
  openUntil: NOW,
  open: 3,
  stateBytes: 2000,
  readPerSecond: 5,
  rowsPerSecond: 0,
  counters: { read: 12, accepted: 9, duplicate: 0, late: 1, rejected: 2, skipped: 0 },
  paused: null,
  error: null,
  ...overrides,
});

const shown = (partitions: PartitionStatus[], job: Partial<JobStatus> = {}, width = Infinity): string[] =>
  shownJob(
    {
      name: 'hits',
      pipeline: 'hits',
      topic: 'web',
      epoch: 0,
      state: 'running',
      line: NOW,
      trouble: null,
      error: null,
      ...job,
      partitions,
    },
    { width, now: NOW },
  ).split('\n');

const cellsOf = (line: string | undefined): string[] => line!.trim().split(/ {2,}/);

const error = (server: 'Kafka' | 'Postgres' | 'worker' | null, attempts: number, agoMs: number | null) => ({
  activity: 'poll',
  server,
  message: 'it is away',
  attempts,
  since: agoMs === null ? null : NOW - agoMs,
});

describe('a job', () => {
  it('is a line, a head, and a row for each partition', () => {
    expect(shown([partition()])).toEqual([
      'hits: hits over web, running, results final up to 2026-01-01T10:00:00.000Z',
      'partition    state  offset  end  lag  behind      watermark (UTC)  open   bytes  read/s  rows/s  late  rejected',
      '        0  running      10   15    3     2 s  2026-01-01 09:59:59     3  2.0 kB     5.0       0     1         2',
    ]);
  });

  it('fits into 120 columns with offsets of nine digits and large rates', () => {
    const large = { offset: 123_456_789, endOffset: 123_456_789, lag: 0, lagMs: 0, stateBytes: 31_785 };
    for (const line of shown([partition(large)])) expect(line.length).toBeLessThanOrEqual(120);
  });

  it('goes on below in 80 columns, each part beginning with the partition', () => {
    const lines = shown([partition(), partition({ partition: 1 })], {}, 80);
    expect(lines).toHaveLength(7);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
    expect(lines.slice(1).map((line) => cellsOf(line)[0])).toEqual([
      'partition',
      '0',
      '1',
      'partition',
      '0',
      '1',
    ]);
  });

  it('that is idle is 0 s behind', () => {
    expect(cellsOf(shown([partition({ lag: 0, lagMs: 0 })])[2]).slice(4, 6)).toEqual(['0', '0 s']);
  });

  it('shows what is not known as ?', () => {
    const unknown = { endOffset: null, lag: null, lagMs: null, open: null, stateBytes: null };
    const rates = { readPerSecond: null, rowsPerSecond: null, counters: null };
    const row = cellsOf(shown([partition({ ...unknown, ...rates, watermark: null, state: null })])[2]);
    expect(row).toEqual(['0', '?', '10', '?', '?', '?', '-', '?', '?', '?', '?', '?', '?']);
  });

  it('has no state at a source of a regrouping, and no counts at a target', () => {
    const source = partition({ open: null, stateBytes: null });
    const lines = shown([source, partition({ stage: 2 })]);
    expect(cellsOf(lines[2]).slice(7)).toEqual(['-', '-', '5.0', '-', '1', '2']);
    expect(cellsOf(lines[3])[0]).toBe('target-0');
    expect(cellsOf(lines[3]).slice(11)).toEqual(['-', '-']);
  });
});

describe('above the table stands', () => {
  it('which server is waited for, once for all partitions, with the most attempts and the longest time', () => {
    const lines = shown([
      partition({ error: error('Postgres', 3, 5000), state: 'retrying' }),
      partition({ partition: 1, error: error('Postgres', 12, 65_000), state: 'retrying' }),
    ]);
    expect(lines[1]).toBe('  0, 1: waits for Postgres (poll): it is away; tried 12 times, for 1m 05s');
  });

  it.each([
    [error('Kafka', 1, 0), '  0: waits for Kafka (poll): it is away; tried once, for 0 s'],
    [error('worker', 2, null), '  0: waits for a worker (poll): it is away; tried 2 times'],
    [error(null, 2, -1), '  0: poll fails: it is away; tried 2 times, for 0 s'],
  ])('what fails', (each, line) => {
    expect(shown([partition({ error: each })])[1]).toBe(line);
  });

  it('why partitions are paused, once for each reason', () => {
    const why = 'the job was paused';
    const lines = shown([0, 1].map((each) => partition({ partition: each, paused: why })));
    expect(lines[1]).toBe('  0, 1: paused: the job was paused');
  });

  it('Kafka without the name of each log', () => {
    const message = (at: number) => `web/${at} cannot be read now: broker a:1: away`;
    const lines = shown(
      [0, 1].map((at) =>
        partition({ partition: at, error: { ...error('Kafka', 1, 0), message: message(at) } }),
      ),
    );
    expect(lines[1]).toBe('  0, 1: waits for Kafka (poll): broker a:1: away; tried once, for 0 s');
  });

  it('who it is about: from three on only the first and the last of a row', () => {
    const members = [
      ...[0, 1, 3, 4, 5].map((each) => partition({ partition: each, paused: 'why' })),
      ...[6, 7, 8, 9].map((each) => partition({ stage: 2, partition: each, paused: 'why' })),
    ];
    expect(shown(members)[1]).toBe('  0, 1, 3 to 5, target-6 to target-9: paused: why');
  });

  it('that no worker answers', () => {
    const lines = shown([partition({ state: 'no worker' })], { state: 'no worker' });
    expect(lines[0]).toContain(', no worker, ');
    expect(lines[1]).toMatch(/^ {2}0: no worker answers/);
    expect(shown([partition({ state: 'paused' })], { state: 'no worker' })[1]).toMatch(
      /^ {2}job: no worker answers/,
    );
  });

  it('what troubles the job itself', () => {
    const lines = shown([partition()], { trouble: 'The topic has grown', error: error('Kafka', 2, 1000) });
    expect(lines.slice(1, 3)).toEqual([
      '  job: The topic has grown',
      '  job: waits for Kafka (poll): it is away; tried 2 times, for 1 s',
    ]);
  });
});
