import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { UserAgent } from '../../../src/pipelines/sessions/agent.js';
import type { Visit } from '../../../src/pipelines/sessions/event.js';
import { sessionKey } from '../../../src/pipelines/sessions/key.js';
import { sessionsOperator } from '../../../src/pipelines/sessions/operator.js';
import { asJson } from '../../support/progressTable.js';
import { referenceSessions, type ModelRecord } from '../../support/reference.js';
import { modelSessions, sessionsInBatches, visitOf } from '../../support/sessionModel.js';
import { testJob } from '../../support/job.js';

const GAP = 10;

const rowsOf = (log: readonly ModelRecord[], batches: readonly number[], gapMs = GAP) =>
  sessionsInBatches(log, batches, { gapMs, delayMs: 0 });

function visits(...times: (number | [time: number, ip: string, agent?: string])[]): ModelRecord[] {
  return times.map((each) => {
    const [time, ip = 'a', agent = null] = typeof each === 'number' ? [each] : each;
    return { time, timestampMs: null, host: null, reason: null, ip, agent };
  });
}

/** The times of each session's first and last record, and its count. */
function spans(rows: string[]): string[] {
  return rows.map((row) => {
    const [group, count] = JSON.parse(row) as [string, number];
    const [first, end] = JSON.parse(group) as [number, number];
    return `[${first}, ${end}) ${count}`;
  });
}

describe('late', () => {
  const operator = sessionsOperator(GAP);
  test('when the record and the gap end at the watermark, exactly', () =>
    expect(operator.isLate(5, 15)).toBe(true));
  test('not one millisecond before', () => expect(operator.isLate(5, 14)).toBe(false));
  test('ends form no grid', () => expect(operator.nextPossibleEnd(14)).toBeNull());
});

describe('a record that is not late but touches only final sessions opens a new one', () => {
  // At the third record the first session is final, at 10: the record at 1 would have touched it.
  const log = visits(0, [10, 'other'], 1);
  test.each([[[3]], [[1, 1, 1]], [[2, 1]], [[1, 2]]])('in batches of %j', (batches) => {
    expect(spans(rowsOf(log, batches))).toEqual(['[0, 10) 1', '[1, 11) 1', '[10, 20) 1']);
  });

  test('one millisecond earlier it is open, and the record is one of it', () => {
    const earlier = visits(0, [9, 'other'], 1);
    for (const batches of [[3], [2, 1]])
      expect(spans(rowsOf(earlier, batches))).toEqual(['[0, 11) 2', '[9, 19) 1']);
  });

  test('what comes behind the new one joins it, and not the final one', () => {
    expect(spans(rowsOf(visits(0, [10, 'other'], 5, 3, 15), [5]))).toEqual([
      '[0, 10) 1',
      '[10, 20) 1',
      '[3, 25) 3',
    ]);
  });
});

test('logging in begins another session, and so does an unknown address', () => {
  const who = [
    { user: null, ip: 'a' },
    { user: 'u', ip: 'a' },
    { user: 'u', ip: null },
    { user: null, ip: null },
    { user: '', ip: 'a' },
  ];
  const log = [...who, ...who].map((each) => ({
    time: 0,
    timestampMs: null,
    host: null,
    reason: null,
    ...each,
  }));
  const counts = rowsOf(log, [3]).map((row) => (JSON.parse(row) as [string, number])[1]);
  expect(counts).toEqual([2, 2, 2, 2, 2]);
});

const record = fc.record({
  /** How far it lies from where its number puts it. */
  away: fc.integer({ min: -14, max: 12 }),
  ip: fc.constantFrom('a', 'a', 'b', null),
  user: fc.constantFrom(null, null, 'u', ''),
  agent: fc.constantFrom('X', 'Y', null),
  host: fc.constantFrom('h', null),
});

// On a failure fast-check prints its seed and the smallest log that fails.
test('wherever a log is cut, its sessions are those of a reference that goes record by record', () => {
  const batches = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 60 });
  fc.assert(
    fc.property(
      fc.array(record, { maxLength: 60 }),
      batches,
      fc.constantFrom(1, 3, 10),
      (list, cuts, gapMs) => {
        const log = list.map(({ away, ...rest }, i) => ({
          time: i * 2 + away,
          timestampMs: null,
          reason: null,
          ...rest,
        }));
        const job = testJob({ sizeMs: gapMs, delayMs: 0, futureGuardMs: 1e9 });
        const wanted = [...referenceSessions(job, log, []).rows].map((row) => JSON.stringify(row)).sort();
        expect(rowsOf(log, cuts, gapMs)).toEqual(wanted);
      },
    ),
    { numRuns: 3000 },
  );
});

describe('open sessions', () => {
  test('go through JSON whole, and tell their ends and where they begin in the log', () => {
    const operator = modelSessions(GAP);
    const [gathering, open, again] = [operator.gather(), operator.open(), operator.open()];
    for (const [i, time] of [50, 20, 0].entries())
      gathering.take({
        time,
        offset: 7 + i,
        item: visitOf(visits([time, `${i}`, 'X'])[0]!),
        watermark: null,
      });
    open.merge(asJson(gathering.partial()));
    again.merge(asJson(open.snapshot()));
    for (const each of [open, again])
      expect([each.nextEnd(), each.lastEnd(), each.rebuildFrom(null)]).toEqual([10, 60, 7]);
    expect(again.snapshot()).toEqual(open.snapshot());
    expect(again.close(60)).toEqual(open.close(60));
    expect([open.nextEnd(), open.lastEnd(), open.rebuildFrom(null)]).toEqual([null, null, null]);
  });
});

describe('the size of a batch is known to a factor of two', () => {
  const text = (length: number, i: number) => `${i}`.padEnd(length, 'x');
  const item = (ip: string, userAgent: UserAgent, host: string | null): Visit => ({
    key: sessionKey(null, ip),
    attributes: { userAgent, host },
  });
  /** Times go back a little each time, unless `apart`. */
  const cases: [string, (i: number) => { time: number; item: Visit }][] = [
    ['one event a visitor', (i) => ({ time: 1e12 + i, item: item(`10.0.0.${i}`, null, 'www.example.com') })],
    ['long addresses', (i) => ({ time: 1e12 + i, item: item(text(512, i), null, null) })],
    ['a host each', (i) => ({ time: 1e12 + i, item: item(`10.0.0.${i}`, null, text(300, i)) })],
    [
      'a parsed agent each',
      (i) => ({
        time: 1e12 + i,
        item: item(`10.0.0.${i}`, { browser: text(90, i), os: 'os', device: text(70, i) }, null),
      }),
    ],
    [
      'the same parsed agent',
      (i) => ({
        time: 1e12 + i,
        item: item(`10.0.0.${i}`, { browser: 'Chrome', os: 'Linux', device: null }, null),
      }),
    ],
    ['not in ASCII', (i) => ({ time: 1e12 + i, item: item(`${i}${'漢'.repeat(100)}`, null, 'h') })],
    [
      'sessions of a visitor far apart',
      (i) => ({ time: 1e12 + i * 1000, item: item('10.0.0.1', null, 'h') }),
    ],
    ['suspects', (i) => ({ time: 1e12 - i, item: item(`10.0.0.${i}`, null, 'h') })],
    [
      'earlier and earlier ones of 10 visitors, a host each',
      (i) => ({
        time: 1e12 - (i >= 10 ? 5 : 0),
        item: item(`10.0.0.${i % 10}`, null, i >= 10 && i < 20 ? text(50_000, i) : 'h'),
      }),
    ],
  ];
  test.each(cases)('%s', (name, nth) => {
    const gathering = modelSessions(GAP).gather();
    for (let i = 0; i < 1000; i++) {
      const { time, item } = nth(i);
      gathering.take({ time, offset: 5_000_000 + i, item, watermark: name === 'suspects' ? 1e12 : null });
    }
    const bytes = Buffer.byteLength(JSON.stringify(gathering.partial()));
    expect(gathering.sizeBytes).toBeGreaterThan(bytes / 2);
    expect(gathering.sizeBytes).toBeLessThan(bytes * 2);
  });
});
