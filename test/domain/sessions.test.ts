/** Session windows: which records belong together, and what a session takes from them (docs/semantics.md, sessions). */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SessionsByKey } from '../../src/domain/sessions.js';
import { plainSessions, type PlainRecord } from '../support/plainSessions.js';

const GAP = 10;

/** Sessions of records that come one by one; each has its place in the list as offset, and its own number as attributes. */
function sessionsOf(...records: [time: number, key?: string][]): string[] {
  const sessions = new SessionsByKey<number>(GAP);
  for (const [offset, [time, key = 'k']] of records.entries())
    sessions.join({
      key,
      first: time,
      last: time,
      count: 1,
      offset,
      source: 0,
      at: offset,
      attributes: offset,
    });
  return shown(sessions);
}

function shown(sessions: SessionsByKey<number>): string[] {
  return [...sessions]
    .map(
      ({ key, first, last, count, attributes, offset }) =>
        `${key} [${first}, ${last}] ${count} as ${attributes} from ${offset}`,
    )
    .sort();
}

describe('records of a key are one session when they touch', () => {
  test.each([
    ['behind it', 0, 10],
    ['before it', 10, 0],
  ])('exactly the gap apart, %s: one', (_, first, then) => {
    expect(sessionsOf([first], [then])).toEqual([`k [0, 10] 2 as ${first === 0 ? 0 : 1} from 0`]);
  });

  test.each([
    ['behind it', 0, 11],
    ['before it', 11, 0],
  ])('one millisecond more, %s: two', (_, first, then) => {
    expect(sessionsOf([first], [then])).toHaveLength(2);
  });

  test('also before 1970', () => {
    expect(sessionsOf([-10], [0])).toHaveLength(1);
    expect(sessionsOf([-11], [0])).toHaveLength(2);
  });

  test('those of another key never', () => {
    expect(sessionsOf([0, 'a'], [0, 'b'])).toEqual(['a [0, 0] 1 as 0 from 0', 'b [0, 0] 1 as 1 from 1']);
  });

  test('it is the ends that count, not how long a session is', () => {
    expect(sessionsOf([0], [10], [20], [30])).toEqual(['k [0, 30] 4 as 0 from 0']);
    expect(sessionsOf([0], [10], [20], [31])).toHaveLength(2);
  });

  test('a record inside a session is one of it', () => {
    expect(sessionsOf([0], [10], [5])).toEqual(['k [0, 10] 3 as 0 from 0']);
  });
});

describe('a record that touches two sessions joins them', () => {
  test.each([
    ['the earlier one first', [0], [20]],
    ['the later one first', [20], [0]],
  ] as const)('exactly the gap from both, %s', (_, a, b) => {
    expect(sessionsOf([...a], [...b], [10])).toEqual([`k [0, 20] 3 as ${a[0] === 0 ? 0 : 1} from 0`]);
  });

  test('one millisecond further from one of them, it does not', () => {
    expect(sessionsOf([0], [21], [10])).toEqual(['k [0, 10] 2 as 0 from 0', 'k [21, 21] 1 as 1 from 1']);
    expect(sessionsOf([0], [21], [11])).toEqual(['k [0, 0] 1 as 0 from 0', 'k [11, 21] 2 as 2 from 1']);
  });

  test('others of the key stay', () => {
    expect(sessionsOf([60], [0], [20], [-40], [10])).toEqual([
      'k [-40, -40] 1 as 3 from 3',
      'k [0, 20] 3 as 1 from 1',
      'k [60, 60] 1 as 0 from 0',
    ]);
  });

  test('a part with a span of its own joins all that it touches, also what lies inside it', () => {
    const sessions = new SessionsByKey<number>(GAP);
    for (const [offset, time] of [0, 20, 40, 61].entries())
      sessions.join({
        key: 'k',
        first: time,
        last: time,
        count: 1,
        offset,
        source: 0,
        at: offset,
        attributes: offset,
      });
    const part = { key: 'k', first: 10, last: 50, count: 5, offset: 9, source: 0, at: 9, attributes: 9 };
    expect(sessions.join(part)).toMatchObject({ first: 0, last: 50 });
    expect(shown(sessions)).toEqual(['k [0, 50] 8 as 0 from 0', 'k [61, 61] 1 as 3 from 3']);
    expect(sessions.size).toBe(2);
  });
});

describe('attributes are those of the earliest record', () => {
  test('whenever it comes', () => {
    expect(sessionsOf([5], [3], [4])).toEqual(['k [3, 5] 3 as 1 from 0']);
  });

  test('of several at the same time, of the one that came first', () => {
    expect(sessionsOf([5], [3], [3], [3])).toEqual(['k [3, 5] 4 as 1 from 0']);
  });

  test('of a joined session, of the earlier of both', () => {
    expect(sessionsOf([20], [3], [12])).toEqual(['k [3, 20] 3 as 1 from 0']);
  });
});

test('a session that is taken out is gone, and the others of its key stay', () => {
  for (const out of [0, 20, 40]) {
    const sessions = new SessionsByKey<number>(GAP);
    for (const time of [0, 20, 40])
      sessions.join({
        key: 'k',
        first: time,
        last: time,
        count: 1,
        offset: 0,
        source: 0,
        at: 0,
        attributes: 0,
      });
    sessions.delete([...sessions].find(({ first }) => first === out)!);
    expect(new Set([...sessions].map(({ first }) => first))).toEqual(
      new Set([0, 20, 40].filter((at) => at !== out)),
    );
    expect(sessions.size).toBe(2);
  }
});

// On a failure fast-check prints its seed and the smallest list that fails.
test('one by one in any order they are those of a plain scan over the sorted records', () => {
  const record = fc.record({
    key: fc.constantFrom('a', 'b', 'c'),
    time: fc.integer({ min: -100, max: 100 }),
  });
  fc.assert(
    fc.property(fc.array(record, { maxLength: 60 }), fc.integer({ min: 1, max: 30 }), (list, gapMs) => {
      const records = list.map((each, offset): PlainRecord => ({ ...each, offset }));
      const sessions = new SessionsByKey<number>(gapMs);
      for (const { key, time, offset } of records)
        sessions.join({
          key,
          first: time,
          last: time,
          count: 1,
          offset,
          source: 0,
          at: offset,
          attributes: offset,
        });
      const found = [...sessions].map(({ key, first, last, count, offset, attributes }) => ({
        key,
        first,
        last,
        count,
        offset,
        attributes,
      }));
      expect(sessions.size).toBe(found.length);
      const sorted = (all: object[]) =>
        all.map((each) => JSON.stringify(each, Object.keys(each).sort())).sort();
      expect(sorted(found)).toEqual(sorted(plainSessions(records, gapMs)));
    }),
    { numRuns: 2000 },
  );
});
