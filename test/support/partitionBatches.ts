/** States, batches and progress of one partition, made by hand. */
import { NO_RECORDS } from '../../src/domain/accounting.js';
import { NO_PROGRESS, type Batch, type Progress } from '../../src/domain/commit.js';
import { PartitionState } from '../../src/domain/partitionState.js';
import { caughtUpAt } from '../../src/domain/quietClock.js';
import type { HitCountsJson } from '../../src/pipelines/hits/counts.js';
import { hitsOperator } from '../../src/pipelines/hits/operator.js';

/** Windows of ten, one hit each under no name. */
export const operator = hitsOperator({ sizeMs: 10, slideMs: 10, offsetMs: 0 });
export const REJECT = {
  offset: 0,
  reason: 'late',
  timestampMs: null,
  key: null,
  value: null,
  valueBytes: null,
};
export const NOW = 1_000_000;

export function hits(...windows: [start: number, firstOffset: number][]): HitCountsJson {
  return { names: [null], windows: windows.map(([start, offset]) => [start, offset, [0, 0, 1]]) };
}

export function progress(values: Partial<Progress> = {}): Progress {
  return { ...NO_PROGRESS, ...values };
}

export function batch(values: Partial<Batch<HitCountsJson>> = {}): Batch<HitCountsJson> {
  return {
    from: 0,
    next: 0,
    advance: null,
    watermark: null,
    caughtUp: null,
    counters: NO_RECORDS,
    partial: hits(),
    rejects: [],
    ...values,
  };
}

/** A run that has claimed a partition at offset 0, and taken it over. */
export function newState(values: Partial<Progress> = {}) {
  const found = progress(values);
  const state = PartitionState.rebuilding(operator, { ...found, rebuildFrom: found.offset });
  state.beginSilentRead(found);
  state.adopt(found);
  return state;
}

/** One that has committed up to watermark 0, caught up. */
export function committedState() {
  const state = newState({ watermark: 0 });
  state.merge(batch({ caughtUp: caughtUpAt(NOW) }));
  state.committed(NOW);
  return state;
}
