import { expect, it } from 'vitest';
import { hitRate } from '../../src/cli/geo.js';

it.each([
  [{}, '-'],
  [{ private: 9 }, '-'],
  [{ unknown: 2 }, '0.0 %'],
  [{ memory: 1, cache: 1, mmdb: 1, unknown: 1, private: 96 }, '75.0 %'],
  [{ memory: 3 }, '100.0 %'],
])('the hit rate of %j, private addresses aside, is %s', (lookups, rate) => {
  expect(hitRate(lookups)).toBe(rate);
});
