import { describe, expect, test } from 'vitest';
import { NO_RECORDS } from '../../src/domain/accounting.js';
import { PartitionState } from '../../src/domain/partitionState.js';
import { caughtUpAt } from '../../src/domain/quietClock.js';
import {
  batch,
  committedState,
  hits,
  newState,
  NOW,
  operator,
  progress,
  REJECT,
} from '../support/partitionBatches.js';

describe('a commit is due', () => {
  test('not without a reason', () => {
    expect(newState().due(NOW)).toBe(false);
    expect(committedState().due(NOW + 1e9)).toBe(false);
  });

  test('with the first batch after a claim that finds more to read: others may take it for quiet', () => {
    const state = newState({ watermark: 0 });
    expect(state.due(NOW)).toBe(false);
    state.merge(batch({ next: 1, watermark: 1 }));
    expect(state.due(NOW)).toBe(true);
  });

  test('when something became final, not before', () => {
    const state = newState({ watermark: 0 });
    state.committed(0);
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
    state.committed(0);
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
    state.committed(0);
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

describe('the latest end that was ever open', () => {
  test('stays when it is closed', () => {
    const state = newState({ watermark: 0 });
    state.merge(batch({ next: 1, partial: hits([30, 0]) }));
    state.merge(batch({ from: 1, next: 2, partial: hits([0, 1]), watermark: 100 }));
    expect([state.openUntil(), state.commit().endsUntil]).toEqual([null, 40]);
  });
});
