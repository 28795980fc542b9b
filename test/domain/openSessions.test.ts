/** The open sessions of a partition: final at their end, exactly; what is asked about them is what a plain scan says. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OpenSessions } from '../../src/domain/openSessions.js';
import type { Session } from '../../src/domain/sessions.js';

const GAP = 10;

function opened(gapMs: number, ...times: number[]): OpenSessions<number> {
  const open = new OpenSessions<number>(gapMs);
  for (const [offset, time] of times.entries())
    open.join({
      key: 'k',
      first: time,
      last: time,
      count: 1,
      offset,
      source: 0,
      at: offset,
      attributes: offset,
    });
  return open;
}

function closed(open: OpenSessions<number>, watermark: number): string[] {
  const sessions: Session<number>[] = [];
  open.close(watermark, sessions);
  return sessions.map(({ first, last, count }) => `[${first}, ${last}] ${count}`).sort();
}

describe('a session is final when its last record and the gap are at or before the watermark', () => {
  test('one millisecond before its end it is open', () => {
    const open = opened(GAP, 0, 7);
    expect(closed(open, 16)).toEqual([]);
    expect(open.size).toBe(1);
  });

  test('at its end, exactly, it is final, once', () => {
    const open = opened(GAP, 0, 7);
    expect(closed(open, 17)).toEqual(['[0, 7] 2']);
    expect(closed(open, 17)).toEqual([]);
    expect(open.size).toBe(0);
  });

  test('a final session never reopens: what touches only it opens a new one', () => {
    const open = opened(GAP, 0);
    closed(open, 10);
    open.join({ key: 'k', first: 5, last: 5, count: 1, offset: 1, source: 0, at: 1, attributes: 1 });
    expect(closed(open, 14)).toEqual([]);
    expect(closed(open, 15)).toEqual(['[5, 5] 1']);
  });

  test('an end that moved on counts, not the one that the session began with', () => {
    const open = opened(GAP, 0);
    expect(closed(open, 9)).toEqual([]);
    open.join({ key: 'k', first: 10, last: 10, count: 1, offset: 1, source: 0, at: 1, attributes: 1 });
    expect(closed(open, 19)).toEqual([]);
    expect(closed(open, 20)).toEqual(['[0, 10] 2']);
  });

  test('a session that became part of another one is not closed a second time', () => {
    const open = opened(GAP, 0, 20, 10);
    expect(closed(open, 100)).toEqual(['[0, 20] 3']);
  });

  test('before 1970 as after it', () => {
    const open = opened(GAP, -1000);
    expect([open.nextEnd(), open.lastEnd()]).toEqual([-990, -990]);
    expect(closed(open, -991)).toEqual([]);
    expect(closed(open, -990)).toEqual(['[-1000, -1000] 1']);
  });
});

describe('where nothing is open', () => {
  test.each([
    ['at first', opened(GAP)],
    ['when all is closed', closedAgain()],
  ])('%s, there is no end and no offset', (_, open) => {
    expect([open.size, open.nextEnd(), open.lastEnd(), open.firstOffset()]).toEqual([0, null, null, null]);
    expect([...open]).toEqual([]);
  });

  test('the latest end begins anew', () => {
    const open = closedAgain();
    open.join({ key: 'k', first: -500, last: -500, count: 1, offset: 3, source: 0, at: 3, attributes: 3 });
    expect([open.nextEnd(), open.lastEnd(), open.firstOffset()]).toEqual([-490, -490, 3]);
  });

  function closedAgain(): OpenSessions<number> {
    const open = opened(GAP, 0, 100);
    open.close(110, []);
    return open;
  }
});

const step = fc.record({
  key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  first: fc.integer({ min: -300, max: 300 }),
  spanMs: fc.constantFrom(0, 0, 0, 1, 40),
  /** What is closed behind it, counted from the latest end so far; null: nothing. */
  closeMs: fc.option(fc.integer({ min: -600, max: 10 }), { freq: 2 }),
  /** What is final of its key is closed before it: how far its end is above the watermark then; null: nothing is. */
  aboveMs: fc.option(fc.integer({ min: 1, max: 60 }), { freq: 2 }),
});

// On a failure fast-check prints its seed and the smallest list of steps that fails. Gaps below 16 ms have slots of 1 ms.
test('ends, offsets and what is closed are always those of a plain scan', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.constantFrom(1, 5, 16, 17, 64, 200), (steps, gapMs) => {
      const open = new OpenSessions<number>(gapMs);
      let plain: Plain[] = [];
      let latestEnd = -300;
      for (const [offset, { key, first, spanMs, closeMs, aboveMs }] of steps.entries()) {
        const last = first + spanMs;
        if (aboveMs !== null) {
          const watermark = last + gapMs - aboveMs;
          const isFinal = (session: Plain) => session.key === key && session.last + gapMs <= watermark;
          const closedNow: Session<number>[] = [];
          open.closeKey(key, watermark, closedNow);
          expect(comparable(closedNow)).toEqual(comparable(plain.filter(isFinal)));
          plain = plain.filter((session) => !isFinal(session));
        }
        open.join({ key, first, last, count: 1, offset, source: 0, at: offset, attributes: offset });
        plain = joined(plain, { key, first, last, count: 1, offset }, gapMs);
        latestEnd = Math.max(latestEnd, last + gapMs);
        if (closeMs !== null) {
          const watermark = latestEnd + closeMs;
          const isFinal = (session: Plain) => session.last + gapMs <= watermark;
          const closedNow: Session<number>[] = [];
          open.close(watermark, closedNow);
          expect(comparable(closedNow)).toEqual(comparable(plain.filter(isFinal)));
          plain = plain.filter((session) => !isFinal(session));
        }
        const ends = plain.map((session) => session.last + gapMs);
        const offsets = plain.map((session) => session.offset);
        expect([open.size, open.nextEnd(), open.lastEnd(), open.firstOffset()]).toEqual(
          plain.length === 0
            ? [0, null, null, null]
            : [plain.length, Math.min(...ends), Math.max(...ends), Math.min(...offsets)],
        );
        expect(comparable(open)).toEqual(comparable(plain));
      }
    }),
    { numRuns: 2000 },
  );
});

interface Plain {
  key: string;
  first: number;
  last: number;
  count: number;
  offset: number;
}

/** Until nothing touches any more. */
function joined(sessions: Plain[], part: Plain, gapMs: number): Plain[] {
  const other = sessions.find(
    ({ key, first, last }) => key === part.key && first <= part.last + gapMs && part.first <= last + gapMs,
  );
  if (other === undefined) return [...sessions, part];
  const both = {
    key: part.key,
    first: Math.min(other.first, part.first),
    last: Math.max(other.last, part.last),
    count: other.count + part.count,
    offset: Math.min(other.offset, part.offset),
  };
  return joined(
    sessions.filter((each) => each !== other),
    both,
    gapMs,
  );
}

function comparable(sessions: Iterable<Plain>): string[] {
  return [...sessions]
    .map(({ key, first, last, count, offset }) => [key, first, last, count, offset].join())
    .sort();
}

test('closing looks at what is closed and at the slot of the watermark, not at all that is open', () => {
  const gapMs = 300_000;
  const open = new OpenSessions<number>(gapMs);
  let looks = 0;
  // One session a second for an hour, each of which tells when somebody asks for its end.
  for (let i = 0; i < 3600; i++) {
    const part = {
      key: `${i}`,
      first: i * 1000,
      last: i * 1000,
      count: 1,
      offset: i,
      source: 0,
      at: i,
      attributes: i,
    };
    open.join(part);
  }
  for (const session of open) {
    const { last } = session;
    Object.defineProperty(session, 'last', { get: () => (looks++, last) });
  }
  const sessions: Session<number>[] = [];
  open.close(gapMs + 60_000, sessions);
  expect(sessions).toHaveLength(61);
  // A slot is a sixteenth of the gap: 19 sessions at most besides those that are closed, each looked at twice.
  expect(looks).toBeLessThanOrEqual(61 + 2 * 19);
});
