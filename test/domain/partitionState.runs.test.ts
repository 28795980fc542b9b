import { describe, expect, test } from 'vitest';
import { NO_RECORDS } from '../../src/domain/accounting.js';
import { afterClaim } from '../../src/domain/claim.js';
import { PartitionState } from '../../src/domain/partitionState.js';
import { caughtUpAt } from '../../src/domain/quietClock.js';
import { batch, hits, newState, NOW, operator, progress, REJECT } from '../support/partitionBatches.js';

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

  test('a silent read goes on in the next run, where it was', () => {
    const counters = { ...NO_RECORDS, read: 9, accepted: 9 };
    const found = progress({ number: 3, offset: 6, rebuildFrom: 2, watermark: 12, counters });
    const first = PartitionState.rebuilding(operator, found);
    first.beginSilentRead(found);
    const skipped = { ...NO_RECORDS, skipped: 2 };
    first.mergeSilently(batch({ from: 2, next: 4, partial: hits([10, 2]), watermark: 9, counters: skipped }));
    const carried = JSON.parse(JSON.stringify(first.carry())) as ReturnType<typeof first.carry>;
    expect(afterClaim(carried, found)).toBe('catch-up');
    const state = PartitionState.carried(operator, carried);
    state.beginSilentRead(found);
    expect([state.offset, state.watermark]).toEqual([4, 9]);
    state.mergeSilently(
      batch({ from: 4, next: 6, partial: hits([10, 4]), watermark: 10, counters: skipped }),
    );
    state.adopt(found);
    expect(state.commit()).toMatchObject({ expects: 3, offset: 6, watermark: 12, rebuildFrom: 2 });
    expect(state.commit().counters).toEqual({ ...counters, skipped: 4 });
    expect(afterClaim(state.carry(), found)).toBe('as-is');
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
