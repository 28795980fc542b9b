import { describe, expect, it } from 'vitest';
import { counts, event, record, runOver, shownRows, type Setup } from './support.js';

interface Case {
  rule: string;
  setup?: Setup;
  lines: string[];
  rows: string[];
  /** Of the records that were read: accepted, late, rejected. */
  counts: [accepted: number, late: number, rejected: number];
}

async function check({ setup, lines, rows, counts: [accepted, late, rejected] }: Case): Promise<void> {
  const output = await runOver(lines, { size: '10ms', delay: '5ms', ...setup });
  expect(shownRows(output)).toEqual(rows);
  expect(counts(output)).toEqual([lines.length, accepted, 0, late, rejected]);
}

describe('one partition', () => {
  it.each<Case>([
    {
      rule: 'a row is final when the watermark is at its end, exactly',
      lines: [event(3), event(15)],
      rows: ['2: [0, 10) a null 1', 'end: [10, 20) a null 1'],
      counts: [2, 0, 0],
    },
    {
      rule: 'not one millisecond before',
      lines: [event(3), event(14)],
      rows: ['end: [0, 10) a null 1', 'end: [10, 20) a null 1'],
      counts: [2, 0, 0],
    },
    {
      rule: 'a record is late when its window ended at the watermark, exactly',
      lines: [event(15), event(9)],
      rows: ['end: [10, 20) a null 1'],
      counts: [1, 1, 0],
    },
    {
      rule: 'it is not one millisecond before',
      lines: [event(14), event(9)],
      rows: ['end: [0, 10) a null 1', 'end: [10, 20) a null 1'],
      counts: [2, 0, 0],
    },
    {
      rule: 'lateness is of the window, not of the record: behind the watermark in a window that is open counts',
      lines: [event(18), event(10)],
      rows: ['end: [10, 20) a null 2'],
      counts: [2, 0, 0],
    },
    {
      rule: 'the first record is not late and closes nothing before it is counted',
      setup: { delay: '0ms' },
      lines: [event(-1), event(0), event(0)],
      rows: ['2: [-10, 0) a null 1', 'end: [0, 10) a null 2'],
      counts: [3, 0, 0],
    },
    {
      rule: 'of sliding windows a record counts in those that are open, and is late when all are closed',
      setup: { slide: '5ms' },
      lines: [event(7), event(20), event(12), event(9), event(4)],
      // The watermark is 15: [0, 10) and [5, 15) are closed.
      rows: [
        '2: [0, 10) a null 1',
        '2: [5, 15) a null 1',
        'end: [10, 20) a null 1',
        'end: [15, 25) a null 1',
        'end: [20, 30) a null 1',
      ],
      counts: [3, 2, 0],
    },
    {
      rule: 'where the slide is larger than the size, records in holes are accepted, count nowhere, and move the watermark',
      setup: { slide: '30ms' },
      lines: [event(9), event(10), event(29), event(9), event(12)],
      rows: ['3: [0, 10) a null 1'],
      counts: [4, 1, 0],
    },
    {
      rule: 'windows start at a negative offset',
      setup: { offset: '-3ms' },
      lines: [event(6), event(7), event(12)],
      rows: ['3: [-3, 7) a null 1', 'end: [7, 17) a null 2'],
      counts: [3, 0, 0],
    },
    {
      rule: 'windows before 1970 are as those after it',
      lines: [event(-11), event(-10), event(-6), event(-5)],
      rows: ['4: [-20, -10) a null 1', 'end: [-10, 0) a null 3'],
      counts: [4, 0, 0],
    },
    {
      rule: 'one record can make several windows final',
      lines: [event(3), event(12), event(1000)],
      rows: ['3: [0, 10) a null 1', '3: [10, 20) a null 1', 'end: [1000, 1010) a null 1'],
      counts: [3, 0, 0],
    },
    {
      rule: 'a line without time stamp has no future guard',
      lines: [event(0), event(86_400_000)],
      rows: ['2: [0, 10) a null 1', 'end: [86400000, 86400010) a null 1'],
      counts: [2, 0, 0],
    },
    {
      rule: 'rejected records are counted, whatever the reason, and move nothing',
      lines: [
        event(0),
        '', // empty
        '\r', // bad_json
        '{"event_time":', // bad_json
        '[]', // bad_json
        '{"event_time":null}', // bad_time
        JSON.stringify({ event_time: '2030-01-01T00:00:00Z', host: 5 }), // bad_field: host
        JSON.stringify({ event_time: '2030-01-01T00:00:00Z', referrer: 'a\0' }), // bad_field: referrer
        event(0),
      ],
      rows: ['end: [0, 10) a null 2'],
      counts: [2, 0, 7],
    },
    {
      rule: 'without flush the end of input makes nothing final',
      setup: { flush: false },
      lines: [event(3), event(15)],
      rows: ['2: [0, 10) a null 1'],
      counts: [2, 0, 0],
    },
    { rule: 'no input gives no rows', lines: [], rows: [], counts: [0, 0, 0] },
  ])('$rule', check);
});

describe('several partitions', () => {
  const records = true;

  it.each<Case>([
    {
      rule: 'a row waits for the slowest partition and is the sum, once',
      setup: { records },
      lines: [record(0, 3), record(1, 4), record(0, 30), record(1, 15), record(1, 30)],
      rows: ['4: [0, 10) a null 2', '5: [10, 20) a null 1', 'end: [30, 40) a null 2'],
      counts: [5, 0, 0],
    },
    {
      rule: "what is late is decided by the partition's own watermark: closed there, open elsewhere",
      setup: { records },
      lines: [record(0, 3), record(1, 4), record(0, 15), record(0, 9), record(1, 9), record(1, 15)],
      rows: ['6: [0, 10) a null 3', 'end: [10, 20) a null 2'],
      counts: [5, 1, 0],
    },
    {
      rule: 'a partition without a record yet holds everything back',
      setup: { records },
      lines: [record(0, 3), record(0, 100), record(1, 50)],
      rows: ['3: [0, 10) a null 1', 'end: [50, 60) a null 1', 'end: [100, 110) a null 1'],
      counts: [3, 0, 0],
    },
    {
      rule: 'one whose records were all rejected does so too',
      setup: { records },
      lines: ['{"partition":1,"value":"no JSON"}', record(0, 3), record(0, 100)],
      rows: ['end: [0, 10) a null 1', 'end: [100, 110) a null 1'],
      counts: [2, 0, 1],
    },
    {
      rule: 'an empty partition holds everything back until the end of input',
      setup: { partitions: 2 },
      lines: [event(3), event(100)],
      rows: ['end: [0, 10) a null 1', 'end: [100, 110) a null 1'],
      counts: [2, 0, 0],
    },
    {
      rule: 'and for good without flush',
      setup: { partitions: 2, flush: false },
      lines: [event(3), event(100)],
      rows: [],
      counts: [2, 0, 0],
    },
    {
      rule: 'as many partitions as the input has add none',
      setup: { records, partitions: 2 },
      lines: [record(0, 3), record(1, 15), record(0, 15)],
      rows: ['3: [0, 10) a null 1', 'end: [10, 20) a null 2'],
      counts: [3, 0, 0],
    },
    {
      rule: 'fewer partitions than the input has take none away',
      setup: { records, partitions: 1 },
      lines: [record(0, 3), record(7, 15), record(0, 15)],
      rows: ['3: [0, 10) a null 1', 'end: [10, 20) a null 2'],
      counts: [3, 0, 0],
    },
    {
      rule: 'an event five minutes after its time stamp is accepted, one millisecond more is the future',
      setup: { records },
      lines: [
        record(0, 3),
        record(0, 300_000, { timestamp: 0 }),
        record(0, 300_001, { timestamp: 0 }),
        record(0, 300_001, { timestamp: null }),
      ],
      rows: ['2: [0, 10) a null 1', 'end: [300000, 300010) a null 2'],
      counts: [3, 0, 1],
    },
    {
      rule: 'a tombstone is rejected',
      setup: { records },
      lines: ['{"partition":0,"offset":0,"timestamp":0,"key":"k","value":null}', record(0, 3)],
      rows: ['end: [0, 10) a null 1'],
      counts: [1, 0, 1],
    },
    {
      rule: 'a line that is no record is a rejected one of partition 0, which then is a partition',
      setup: { records },
      lines: ['no record', '', record(1, 3), record(1, 100)],
      rows: ['end: [0, 10) a null 1', 'end: [100, 110) a null 1'],
      counts: [2, 0, 2],
    },
  ])('$rule', check);
});

it('orders rows that become final together by end, start, host, referrer: null first, then by code point', async () => {
  const names = [
    null,
    '',
    'A',
    'a',
    'a\uFFFD',
    'a\u{1F600}',
    'aa',
    'é',
    '\uD7FF',
    '\uE000',
    '\uFFFD',
    '\u{10000}',
    '\u{1F600}',
  ];
  // By code point 'aa' comes before 'a\uFFFD'.
  const wanted = [
    null,
    '',
    'A',
    'a',
    'aa',
    'a\uFFFD',
    'a\u{1F600}',
    'é',
    '\uD7FF',
    '\uE000',
    '\uFFFD',
    '\u{10000}',
    '\u{1F600}',
  ];
  const groups = names.flatMap((host) => names.map((referrer) => [host, referrer] as const)).toReversed();
  const lines = [20, 0, 10].flatMap((time) => groups.map(([host, referrer]) => event(time, host, referrer)));
  const expected = [0, 10, 20].flatMap((start) =>
    wanted.flatMap((host) =>
      wanted.map((referrer) => `end: [${start}, ${start + 10}) ${host} ${referrer} 1`),
    ),
  );
  expect(shownRows(await runOver(lines, { size: '10ms', delay: '1h' }))).toEqual(expected);
});

it('takes lone surrogates for U+FFFD: one group, behind U+E000', async () => {
  const lines = ['"\\ud800"', '"\\udc00"', '"\ufffd"', '"\ue000"'].map(
    (host) => `{"event_time":1,"host":${host}}`,
  );
  expect(shownRows(await runOver(lines, { size: '10ms' }))).toEqual([
    'end: [1000, 1010) \ue000 null 1',
    'end: [1000, 1010) \ufffd null 3',
  ]);
});
