import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/cli/generate/random.js';
import { parseEventTime } from '../../src/domain/eventTime.js';
import { testSeed } from '../support/scenarios.js';

const T = Date.UTC(2015, 4, 17, 10, 5, 3);

describe('accepted forms of event time', () => {
  test.each<[unknown, number]>([
    // ISO-8601
    ['2015-05-17T10:05:03Z', T],
    ['2015-05-17T10:05:03.1Z', T + 100],
    ['2015-05-17T10:05:03.12Z', T + 120],
    ['2015-05-17T10:05:03.123Z', T + 123],
    ['2015-05-17T10:05:03.123999Z', T + 123],
    ['2015-05-17T10:05:03.000999999Z', T],
    ['2015-05-17T10:05:03.123+00:00', T + 123],
    ['2015-05-17T10:05:03-00:00', T],
    ['2015-05-17T12:05:03+02:00', T],
    ['2015-05-17T12:05:03+0200', T],
    ['2015-05-17T12:05:03+02', T],
    ['2015-05-17T04:35:03-05:30', T],
    ['2015-05-17T04:35:03.5-0530', T + 500],
    ['2015-05-18T10:04:03+23:59', T],
    ['2015-05-17T00:00:00Z', Date.UTC(2015, 4, 17)],
    ['2015-05-17T23:59:59.999Z', Date.UTC(2015, 4, 18) - 1],
    // UTC without saying so
    ['2015-05-17 10:05:03', T],
    ['2015-05-17 10:05:03.123', T + 123],
    ['2015-05-17 10:05:03.123456', T + 123],
    // epoch
    [1431857103, T],
    [1431857103.123, T + 123],
    [533551.683, 533551683],
    [T, T],
    [T + 0.9, T],
    [-1, -1000],
    [-0.001, -1],
    [0, 0],
    ['0', 0],
    ['1431857103', T],
    ['0001431857103', T],
    [String(T), T],
  ])('%j', (value, time) => {
    expect(parseEventTime(value)).toBe(time);
  });

  test('numbers from 1e11 on are milliseconds, exactly', () => {
    expect(parseEventTime(1e11)).toBe(1e11);
    expect(parseEventTime('100000000000')).toBe(1e11);
    expect(parseEventTime(1e11 - 1)).toBe((1e11 - 1) * 1000);
    expect(parseEventTime('99999999999')).toBe((1e11 - 1) * 1000);
  });

  test('fractions of epoch seconds keep every millisecond', () => {
    const random = seededRandom(testSeed());
    for (let i = 0; i < 20_000; i++) {
      const time = random.below(2_000_000_000) * 1000 + random.below(1000);
      expect(parseEventTime(Number((time / 1000).toFixed(3)))).toBe(time);
    }
  });

  test('every day of the calendar agrees with Date', () => {
    const random = seededRandom(testSeed());
    const first = Date.parse('0001-01-01T00:00:00Z');
    const days = 3_652_059; // up to 9999-12-31
    for (const day of [0, 58, 59, 60, days - 1, ...Array.from({ length: 5000 }, () => random.below(days))]) {
      const time = first + day * 86_400_000;
      expect(parseEventTime(new Date(time).toISOString())).toBe(time);
    }
  });
});

describe('years 1 to 9999', () => {
  test.each([
    ['0001-01-01T00:00:00Z', -62_135_596_800_000],
    ['0001-01-01T00:00:00+00:01', null],
    ['0000-12-31T23:59:59.999Z', null],
    ['9999-12-31T23:59:59.999Z', 253_402_300_799_999],
    ['9999-12-31T23:59:59.999-00:01', null],
    [253_402_300_799_999, 253_402_300_799_999],
    [253_402_300_800_000, null],
    [-62_135_596_800, -62_135_596_800_000],
    [-62_135_596_800.001, null],
    ['99999999999999999999', null],
  ])('%j', (value, time) => {
    expect(parseEventTime(value)).toBe(time);
  });
});

describe('days that the calendar has', () => {
  const at = (day: string) => `${day}T00:00:00Z`;
  test.each([
    '2024-02-29',
    '2000-02-29',
    '2400-02-29',
    '2023-02-28',
    '2023-04-30',
    '2023-01-31',
    '2023-12-31',
  ])('%s', (day) => {
    expect(parseEventTime(at(day))).toBe(Date.parse(at(day)));
  });
  test.each([
    '2023-02-29',
    '1900-02-29',
    '2100-02-29',
    '2200-02-29',
    '2024-02-30',
    '2023-04-31',
    '2023-01-32',
    '2023-01-00',
    '2023-00-01',
    '2023-13-01',
  ])('not %s', (day) => {
    expect(parseEventTime(at(day))).toBeNull();
  });
});

describe('malformed neighbours', () => {
  test.each<[unknown]>([
    [''],
    [' '],
    ['now'],
    ['2015-05-17'],
    ['2015-05-17T10:05Z'],
    ['2015-05-17T10:05:03'],
    ['2015-05-17T10:05:03z'],
    ['2015-05-17t10:05:03Z'],
    ['2015-05-17T10:05:03 Z'],
    ['2015-05-17T10:05:03Z '],
    [' 2015-05-17T10:05:03Z'],
    ['2015-05-17T10:05:03ZZ'],
    ['2015-05-17T10:05:03.Z'],
    ['2015-05-17T10:05:03,5Z'],
    ['2015-05-17T24:00:00Z'],
    ['2015-05-17T10:60:03Z'],
    ['2015-05-17T10:05:60Z'],
    ['2015-05-17T1:05:03Z'],
    ['2015-05-17T10:05:3Z'],
    ['2015-5-17T10:05:03Z'],
    ['15-05-17T10:05:03Z'],
    ['20150-05-17T10:05:03Z'],
    ['2015/05/17T10:05:03Z'],
    ['2015-05-17T10-05-03Z'],
    ['2015-05-17T+1:05:03Z'],
    ['2015-05-17T10:05:03+2'],
    ['2015-05-17T10:05:03+02:'],
    ['2015-05-17T10:05:03+02:0'],
    ['2015-05-17T10:05:03+020'],
    ['2015-05-17T10:05:03+02:000'],
    ['2015-05-17T10:05:03+24:00'],
    ['2015-05-17T10:05:03+02:60'],
    ['2015-05-17T10:05:03 +02:00'],
    ['2015-05-17 10:05:03Z'],
    ['2015-05-17 10:05:03+00:00'],
    ['2015-05-17 10:05:03.'],
    ['2015-05-17  10:05:03'],
    ['-1'],
    ['+1'],
    ['1e11'],
    ['1431857103.5'],
    ['1_000'],
    ['٣١'],
    [null],
    [undefined],
    [true],
    [Number.NaN],
    [Infinity],
    [[T]],
    [{ time: T }],
    [new Date(T)],
  ])('%j', (value) => {
    expect(parseEventTime(value)).toBeNull();
  });
});
