import { describe, expect, it } from 'vitest';

import { isAtMost } from '../../src/workflows/jsonSize.js';

const limitOf = (value: unknown): number => {
  let limit = 0;
  while (!isAtMost(limit, value)) limit++;
  return limit;
};

describe('the estimated size of JSON', () => {
  it('is near the real one', () => {
    const state = {
      offset: 123_456,
      watermark: null,
      open: { names: ['www.example.com', 'a'], windows: [[1_767_225_600_000, 5, [0, 1, 17, 0, 2, 4]]] },
    };
    const real = JSON.stringify(state).length;
    expect(limitOf(state)).toBeGreaterThan(real / 2);
    expect(limitOf(state)).toBeLessThan(real * 2);
  });

  it.each([
    ['a string: its characters, two quotes and a comma', 'abc', 6],
    ['a number', 7, 7],
    ['an empty list', [], 2],
    ['a list', [1, 2], 16],
    ['an object: its keys, too', { ab: 'c' }, 12],
  ])('%s: exactly', (_, value, size) => {
    expect(isAtMost(size, value)).toBe(true);
    expect(isAtMost(size - 1, value)).toBe(false);
  });

  it('stops where the limit is passed', () => {
    let looked = 0;
    const each = { get x() { looked++; return 1; } }; // prettier-ignore
    expect(
      isAtMost(
        100,
        Array.from({ length: 1000 }, () => each),
      ),
    ).toBe(false);
    expect(looked).toBeLessThan(20);
  });
});
