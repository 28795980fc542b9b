import { describe, expect, test } from 'vitest';
import { NO_RECORDS } from '../../src/domain/accounting.js';
import { PartitionState, type Batch, type Progress } from '../../src/domain/partitionState.js';
import { caughtUpAt } from '../../src/domain/quietClock.js';
import type { HitCountsJson } from '../../src/pipelines/hits/counts.js';
import { hitsOperator } from '../../src/pipelines/hits/operator.js';

/** Windows of ten, one hit each under no name. */
const operator = hitsOperator({ sizeMs: 10, slideMs: 10, offsetMs: 0 });
const REJECT = { offset: 0, reason: 'late', timestampMs: null, key: null, value: null, valueBytes: null };
const NOW = 1_000_000;

function hits(...windows: [start: number, firstOffset: number][]): HitCountsJson {
  return { names: [null], windows: windows.map(([start, offset]) => [start, offset, [0, 0, 1]]) };
}

function progress(values: Partial<Progress> = {}): Progress {
  return {
    number: 0,
    offset: 0,
    watermark: null,
    rebuildFrom: 0,
    counters: NO_RECORDS,
    advances: [],
    endsUntil: null,
    ...values,
  };
}

function batch(values: Partial<Batch<HitCountsJson>> = {}): Batch<HitCountsJson> {
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
function newState(values: Partial<Progress> = {}) {
  const found = progress(values);
  const state = PartitionState.rebuilding(operator, { ...found, rebuildFrom: found.offset });
  state.beginSilentRead(found);
  state.adopt(found);
  return state;
}

/** One that has committed up to watermark 0, caught up. */
function committedState() {
  const state = newState({ watermark: 0 });
  state.merge(batch({ caughtUp: caughtUpAt(NOW) }));
  state.committed(NOW);
  return state;
}

describe('a commit is due', () => {
  test('not without a reason', () => {
    expect(newState().due(NOW)).toBe(false);
    expect(committedState().due(NOW + 1e9)).toBe(false);
  });

  test('when something became final, not before', () => {
    const state = newState({ watermark: 0 });
    state.merge(batch({ next: 1, partial: hits([0, 0]), watermark: 9 }));
    expect(state.due(NOW)).toBe(false);
    state.merge(batch({ from: 1, next: 2, watermark: 10 }));
    expect(state.due(NOW)).toBe(true);
    expect(state.commit().rows).toEqual([[0, 10, null, null, 1]]);
  });

  test('when something was late or rejected', () => {
    const state = newState({ watermark: 0 });
    state.merge(batch({ next: 1, rejects: [REJECT] }));
    expect(state.due(NOW)).toBe(true);
  });

  test('when the watermark passed a possible window end, although nothing was open', () => {
    const state = newState({ watermark: 3 });
    state.merge(batch({ next: 1, watermark: 9 }));
    expect(state.due(NOW)).toBe(false);
    state.merge(batch({ from: 1, next: 2, watermark: 10 }));
    expect(state.due(NOW)).toBe(true);
  });

  test('when there is a first watermark', () => {
    const state = newState();
    state.merge(batch({ next: 1, watermark: -12 }));
    expect(state.due(NOW)).toBe(true);
  });

  test('when it became caught up, and when it is so no longer', () => {
    const state = newState({ watermark: 0 });
    state.merge(batch({ caughtUp: caughtUpAt(NOW) }));
    expect(state.due(NOW)).toBe(true);
    expect(state.commit().caughtUpSince).toBe(NOW);
    state.committed(NOW);
    state.merge(batch({ next: 1 }));
    expect(state.due(NOW)).toBe(true);
    expect(state.commit().caughtUpSince).toBeNull();
  });

  test('once a second while it is caught up and has moved: exactly a second after the last one', () => {
    const state = committedState();
    state.merge(batch({ next: 1, watermark: 1, caughtUp: caughtUpAt(NOW) }));
    expect(state.due(NOW + 999)).toBe(false);
    expect(state.due(NOW + 1000)).toBe(true);
  });

  test('not by the second while there is more to read', () => {
    const state = newState({ watermark: 0 });
    state.merge(batch({ next: 1, watermark: 1 }));
    expect(state.due(NOW + 1e9)).toBe(false);
    expect(state.uncommitted).toBe(true);
  });
});

describe('a commit', () => {
  test('expects the number that the state knows, and the next one expects the number after', () => {
    const state = newState({ number: 7 });
    expect(state.commit().expects).toBe(7);
    state.committed(NOW);
    expect(state.commit().expects).toBe(8);
  });

  test('tried again it is the same commit', () => {
    const state = newState({ watermark: 0 });
    state.merge(batch({ next: 1, partial: hits([0, 0]), watermark: 10, rejects: [REJECT] }));
    expect(state.commit()).toEqual(state.commit());
  });

  test('takes rows and rejects along once', () => {
    const state = newState({ watermark: 0 });
    state.merge(batch({ next: 1, partial: hits([0, 0]), watermark: 10, rejects: [REJECT] }));
    expect(state.commit()).toMatchObject({ rows: [[0, 10, null, null, 1]], rejects: [REJECT] });
    state.committed(NOW);
    expect(state.commit()).toMatchObject({ rows: [], rejects: [] });
    expect(state.uncommitted).toBe(false);
  });

  test('holds whole counters, never increments', () => {
    const counted = { ...NO_RECORDS, read: 2, accepted: 1, late: 1 };
    const state = newState({ counters: { ...NO_RECORDS, read: 10, accepted: 10 } });
    state.merge(batch({ next: 2, counters: counted }));
    state.merge(batch({ from: 2, next: 4, counters: counted }));
    expect(state.commit().counters).toMatchObject({ read: 14, accepted: 12, late: 2 });
  });

  test('tells from where on the open windows can be read again; where none is open, from its own offset', () => {
    const state = newState({ watermark: 0 });
    state.merge(batch({ next: 5, partial: hits([0, 1], [10, 3]) }));
    expect(state.commit().rebuildFrom).toBe(1);
    state.merge(batch({ from: 5, next: 6, watermark: 10 }));
    expect(state.commit().rebuildFrom).toBe(3);
    state.merge(batch({ from: 6, next: 7, watermark: 20 }));
    expect(state.commit().rebuildFrom).toBe(7);
  });
});

describe('advances', () => {
  test('are recorded at the offset before which they came, only the last for an offset', () => {
    const state = newState({ watermark: 0 });
    state.merge(batch({ advance: 3, watermark: 3 }));
    state.merge(batch({ advance: 5, next: 2, watermark: 6, partial: hits([0, 0]) }));
    state.merge(batch({ from: 2, next: 2, advance: 9, watermark: 9 }));
    expect(state.commit().advances).toEqual([
      [0, 5],
      [2, 9],
    ]);
  });

  test('are kept as long as something open depends on their offset, exactly', () => {
    const state = newState({ watermark: 0 });
    state.merge(batch({ advance: 1, next: 1, watermark: 1 }));
    state.merge(batch({ from: 1, next: 2, advance: 2, watermark: 2, partial: hits([10, 1]) }));
    state.merge(batch({ from: 2, next: 3, advance: 3, watermark: 3 }));
    expect(state.commit().advances).toEqual([
      [1, 2],
      [2, 3],
    ]);
  });

  test('close before the records of their batch are merged', () => {
    const state = newState({ watermark: 0 });
    state.merge(batch({ next: 1, partial: hits([0, 0]) }));
    state.merge(batch({ from: 1, next: 2, advance: 10, watermark: 12, partial: hits([10, 1]) }));
    expect(state.commit().rows).toEqual([[0, 10, null, null, 1]]);
  });

  test('stop a silent read just before the record at their offset', () => {
    const found = progress({
      offset: 9,
      watermark: 40,
      advances: [
        [2, 7],
        [5, 8],
        [9, 9],
      ],
    });
    const state = PartitionState.rebuilding(operator, found);
    state.beginSilentRead(found);
    expect(state.silentUntil(9)).toBe(2);
    state.mergeSilently(batch({ next: 2, watermark: 1 }));
    expect([state.watermark, state.silentUntil(9)]).toEqual([7, 5]);
    state.mergeSilently(batch({ from: 2, next: 5, watermark: 7 }));
    expect([state.watermark, state.silentUntil(9)]).toEqual([8, 9]);
  });
});

describe('end of input', () => {
  test('closes everything, commits with its watermark, and is remembered as an advance', () => {
    const state = newState({ watermark: 0 });
    state.merge(batch({ next: 4, partial: hits([0, 0], [30, 3]), watermark: 5 }));
    state.finish(50);
    expect(state.commit()).toMatchObject({ watermark: 50, rebuildFrom: 4, advances: [[4, 50]] });
    expect(state.commit().rows).toHaveLength(2);
  });

  test('nothing moves at or below the watermark, nor where nothing ever was', () => {
    const state = newState({ watermark: 50 });
    state.finish(50);
    state.finish(null);
    expect(state.commit()).toMatchObject({ watermark: 50, advances: [] });
    expect(state.uncommitted).toBe(false);
  });

  test('a partition that never had a record gets the common end, too', () => {
    const state = newState();
    state.finish(50);
    expect(state.commit()).toMatchObject({ watermark: 50, advances: [[0, 50]] });
  });
});

describe('from run to run', () => {
  test('the state goes through JSON whole', () => {
    const state = newState({ watermark: 0 });
    state.merge(
      batch({ next: 4, partial: hits([0, 0], [30, 3]), advance: 2, watermark: 5, caughtUp: caughtUpAt(NOW) }),
    );
    state.commit();
    state.committed(NOW);
    const carried = state.carry();
    const next = PartitionState.carried(operator, JSON.parse(JSON.stringify(carried)) as typeof carried);
    expect(next.carry()).toEqual(carried);
    expect(next.commit()).toEqual(state.commit());
    expect([next.due(NOW), next.uncommitted, next.nextEnd(), next.openUntil()]).toEqual([
      false,
      false,
      10,
      40,
    ]);
  });

  test.each([
    ['rows', batch({ next: 1, partial: hits([0, 0]), watermark: 10 })],
    ['rejects', batch({ next: 1, rejects: [REJECT] })],
  ])('it is not carried while %s wait', (_, merged) => {
    const state = newState({ watermark: 0 });
    state.merge(merged);
    expect(() => state.carry()).toThrow(RangeError);
    state.committed(NOW);
    expect(state.carry().offset).toBe(1);
  });

  test('a claim that finds this very state takes over only the watermark, and closes up to it', () => {
    const state = newState({ watermark: 0 });
    state.merge(batch({ next: 1, partial: hits([0, 0]), watermark: 3 }));
    state.committed(NOW);
    state.resume(progress({ number: 1, offset: 1, watermark: 12 }));
    expect(state.watermark).toBe(12);
    expect(state.commit().rows).toEqual([[0, 10, null, null, 1]]);
  });

  test('a silent read writes nothing and ends where the last commit left the partition', () => {
    const counters = { ...NO_RECORDS, read: 9, accepted: 8, late: 1 };
    const found = progress({ number: 3, offset: 6, rebuildFrom: 2, watermark: 12, counters, endsUntil: 30 });
    const state = PartitionState.rebuilding(operator, found);
    expect([state.offset, state.watermark]).toEqual([2, null]);
    state.beginSilentRead(found);
    state.mergeSilently(
      batch({ from: 2, next: 6, partial: hits([0, 2], [10, 4]), watermark: 11, rejects: [REJECT], counters }),
    );
    state.adopt(found);
    expect(state.commit()).toMatchObject({ expects: 3, offset: 6, watermark: 12, rebuildFrom: 4, counters });
    expect(state.commit()).toMatchObject({ rows: [], rejects: [], endsUntil: 30 });
    expect([state.due(NOW), state.uncommitted, state.nextEnd()]).toEqual([false, false, 20]);
  });

  test('it ends at the committed offset, exactly', () => {
    const found = progress({ offset: 6 });
    const state = PartitionState.rebuilding(operator, found);
    state.beginSilentRead(found);
    expect(() => state.adopt(found)).toThrow(RangeError);
    state.mergeSilently(batch({ next: 7 }));
    expect(() => state.adopt(found)).toThrow(RangeError);
  });

  test('a batch from another offset is not merged', () => {
    const state = newState({ offset: 5 });
    expect(() => state.merge(batch({ from: 4, next: 6 }))).toThrow(RangeError);
    expect(() => state.merge(batch({ from: 6, next: 6 }))).toThrow(RangeError);
  });
});

describe('the latest end that was ever open', () => {
  test('stays when it is closed', () => {
    const state = newState({ watermark: 0 });
    state.merge(batch({ next: 1, partial: hits([30, 0]) }));
    state.merge(batch({ from: 1, next: 2, partial: hits([0, 1]), watermark: 100 }));
    expect([state.openUntil(), state.commit().endsUntil]).toEqual([null, 40]);
  });
});
