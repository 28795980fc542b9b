import { expect, it } from 'vitest';
import { afterBudget, afterFailure, afterRefusal, ASKING, type Asking } from '../../src/domain/asking.js';
import { utcDay } from '../../src/domain/instant.js';

const AT = Date.UTC(2026, 0, 1, 12);
const MINUTE = 60_000;

function failed(times: number, from: Asking = ASKING): Asking {
  return Array.from({ length: times }).reduce<Asking>((asking) => afterFailure(asking, AT), from);
}

it('is asked on after 4 failures in a row, and is away after the 5th, for a minute', () => {
  expect(failed(4)).toMatchObject({ phase: 'asking', until: 0 });
  expect(failed(5)).toMatchObject({ phase: 'away', until: AT + MINUTE });
});

it.each([
  [6, 2],
  [7, 4],
  [8, 8],
  [9, 16],
  [10, 30],
  [50, 30],
])('after %i failures in a row it is away for %i minutes', (failures, minutes) => {
  expect(failed(failures)).toMatchObject({ phase: 'away', until: AT + minutes * MINUTE });
});

it('is not asked for 10 minutes after it refused the key', () => {
  expect(afterRefusal(AT)).toMatchObject({ phase: 'refused', until: AT + 10 * MINUTE });
  expect(afterFailure(afterRefusal(AT), AT)).toMatchObject({ phase: 'asking', failures: 1 });
});

it.each([
  ['the first millisecond of a day', Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 2)],
  ['the last one', Date.UTC(2026, 0, 2) - 1, Date.UTC(2026, 0, 2)],
])('is not asked until the next UTC day when the budget is spent: %s', (_, at, until) => {
  expect(afterBudget(ASKING, at)).toMatchObject({ phase: 'spent', until });
  expect([utcDay(at), utcDay(until)]).toEqual(['2026-01-01', '2026-01-02']);
});

it('a budget that is spent while it is away does not make it asked any sooner', () => {
  const later = afterFailure(afterBudget(failed(6), AT), AT);
  expect(later).toMatchObject({ phase: 'away', until: AT + 4 * MINUTE });
});
