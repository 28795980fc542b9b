import { describe, expect, it } from 'vitest';
import { jobDetails, partitionDetails, partitionProgress } from '../../src/workflows/details.js';
import type { PartitionInput } from '../../src/workflows/partitionInput.js';
import type { Run, Shown } from '../../src/workflows/run.js';

const SHOWN: Shown = {
  phase: 'running',
  paused: null,
  replayUntil: null,
  offset: 10,
  endOffset: 12,
  watermark: 0,
  openUntil: null,
  open: 3,
  stateBytes: 100,
  rates: { read: 12.345, rows: 0, until: 60_000 },
  caughtUpSince: null,
  commits: 4,
  counters: { read: 10, accepted: -2, duplicate: 2, late: 0, rejected: 0, skipped: 0 },
};

const run = (shown: Partial<Shown> | null, stage: 1 | 2 = 1): Run => {
  const job = { pipeline: 'hits', topic: 'web' };
  const regroup = { topic: 'weir.clicks.0', targets: 1 };
  const input = { name: 'hits', epoch: 0, partition: 1, stage, job, regroup } as PartitionInput;
  return {
    input,
    shown: () => (shown === null ? null : { ...SHOWN, ...shown }),
    measuredBytes: () => 222,
  } as unknown as Run;
};

describe('of a partition', () => {
  it('the query says where it stands, its bytes measured now', () => {
    expect(partitionProgress(run({}))).toMatchObject({
      phase: 'running',
      lag: 2,
      open: 3,
      stateBytes: 222,
      readPerSecond: 12.3,
      rowsPerSecond: 0,
      ratesUntil: '1970-01-01T00:01:00.000Z',
      watermark: '1970-01-01T00:00:00.000Z',
      accepted: -2,
      topic: 'web',
    });
  });

  it('that has not read yet no lag is known', () => {
    expect(partitionProgress(run({ endOffset: null, phase: 'paused' }))).toMatchObject({
      lag: null,
      endOffset: null,
    });
  });

  it('that is a target only duplicates are counted', () => {
    const progress = partitionProgress(run({}, 2));
    expect(progress).toMatchObject({ duplicate: 2, topic: 'weir.clicks.0', stage: 2 });
    expect(progress).not.toHaveProperty('accepted');
  });

  it('that takes over it says so', () => {
    expect(partitionProgress(run(null))).toMatchObject({ phase: 'taking over', job: 'hits', partition: 1 });
  });

  it('the details have a row for each, and no reason breaks them', () => {
    const lines = partitionDetails(run({ paused: 'a|b\nc' })).split('\n');
    expect(lines.filter((line) => line.includes('paused'))).toEqual([expect.stringContaining('a b c')]);
  });
});

describe('of a job', () => {
  const standing = {
    partition: 0,
    offset: 10,
    endOffset: 12,
    watermark: '2026-01-01T10:00:00.000Z',
    openUntil: null,
    late: 1,
    rejected: 2,
    died: null,
  };

  it('the details say what it does, why partitions are paused, and where each stands', () => {
    const partitions = [
      { ...standing, paused: 'why' },
      { ...standing, partition: 1, paused: 'why' },
      { ...standing, partition: 2, replaying: true },
      { ...standing, stage: 2 as const, died: 'FAILED' },
    ];
    const details = jobDetails({
      job: 'j',
      trouble: null,
      phase: 'running',
      topic: 'web',
      pipeline: 'hits',
      partitions,
    });
    const plain = details.replaceAll('\u00a0', ' ').replaceAll('\u2011', '-').split('\n');
    expect(plain.filter((line) => line.trim() !== '')).toEqual([
      'hits over web, running',
      '0, 1: paused: why',
      '|  partition  |  state  |  offset  |  lag  |  watermark (UTC)  |  late  |  rejected  |',
      '|--:|--:|--:|--:|--:|--:|--:|',
      '|  0  |  paused  |  10  |  2  |  2026-01-01 10:00:00  |  1  |  2  |',
      '|  1  |  paused  |  10  |  2  |  2026-01-01 10:00:00  |  1  |  2  |',
      '|  2  |  replaying  |  10  |  2  |  2026-01-01 10:00:00  |  1  |  2  |',
      '|  target 0  |  FAILED  |  10  |  2  |  2026-01-01 10:00:00  |  –  |  –  |',
    ]);
  });
});
