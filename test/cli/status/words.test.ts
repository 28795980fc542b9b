import { expect, it } from 'vitest';
import { howFast, howLarge, howLong } from '../../../src/cli/status/words.js';

it.each([
  [-1, '0 s'],
  [0, '0 s'],
  [1, '<1 s'],
  [999, '<1 s'],
  [1000, '1 s'],
  [59_999, '59 s'],
  [60_000, '1m 00s'],
  [65_000, '1m 05s'],
  [3_599_999, '59m 59s'],
  [3_600_000, '1h 00m'],
  [86_399_999, '23h 59m'],
  [86_400_000, '1d 00h'],
  [30 * 86_400_000, '30d 00h'],
])('%d ms are %s', (ms, text) => {
  expect(howLong(ms)).toBe(text);
});

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [9949, '9.9 kB'],
  [9950, '10 kB'],
  [999_499, '999 kB'],
  [999_500, '1.0 MB'],
  [30_000_000, '30 MB'],
])('%d bytes are %s', (bytes, text) => {
  expect(howLarge(bytes)).toBe(text);
});

it.each([
  [0, '0'],
  [0.01, '<0.1'],
  [0.1, '0.1'],
  [9.9, '9.9'],
  [10, '10'],
  [25_000.4, '25000'],
])('%d a second is %s', (rate, text) => {
  expect(howFast(rate)).toBe(text);
});
