import { describe, expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../src/domain/duration.js';

describe('a duration is a number and a unit', () => {
  test.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['0ms', 0],
    ['007s', 7000],
    ['1.5s', 1500],
    ['0.5h', 1_800_000],
    ['0.001s', 1],
    ['1.001s', 1001],
    ['1.0010s', 1001],
    ['2.0ms', 2],
    ['-100ms', -100],
    ['-1.5s', -1500],
    ['-0.5s', -500],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    '',
    '5',
    'm',
    '5 m',
    ' 5m',
    '5m ',
    '5M',
    '5d',
    '1h30m',
    '+5m',
    '--5m',
    '.5s',
    '5.s',
    '1,5s',
    '1e3ms',
    '١s',
  ])('not %j', (text) => {
    expect(parseDuration(text)).toBeNull();
  });

  test('a whole number of milliseconds, exactly', () => {
    expect(parseDuration('0.001s')).toBe(1);
    expect(parseDuration('0.0001s')).toBeNull();
    expect(parseDuration('0.5ms')).toBeNull();
    expect(parseDuration('9007199254740991ms')).toBe(Number.MAX_SAFE_INTEGER);
    expect(parseDuration('9007199254740992ms')).toBeNull();
  });

  test('all three decimals of a second are read', () => {
    for (let ms = 0; ms < 20_000; ms++) expect(parseDuration(`${(ms / 1000).toFixed(3)}s`)).toBe(ms);
  });
});

test.each([
  [0, '0ms'],
  [1, '1ms'],
  [999, '999ms'],
  [1000, '1s'],
  [1001, '1001ms'],
  [59_000, '59s'],
  [60_000, '1m'],
  [90_000, '90s'],
  [3_600_000, '1h'],
  [5_400_000, '90m'],
  [-100, '-100ms'],
  [-300_000, '-5m'],
])('%i ms is shown as %s, and read back', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
  expect(parseDuration(text)).toBe(ms);
});
