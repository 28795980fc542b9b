import { expect, test } from 'vitest';
import { NO_RECORDS } from '../../src/domain/accounting.js';
import { afterClaim, type Continuation } from '../../src/domain/claim.js';

type Own = Parameters<typeof afterClaim>[0];

const silent = { lost: 0 };

const progress = {
  number: 5,
  offset: 100,
  rebuildFrom: 40,
  watermark: 0,
  endsUntil: null,
  counters: NO_RECORDS,
  advances: [],
};

test.each<[string, Own, Continuation]>([
  ['no state', null, 'rebuild'],
  ['the same number', { number: 5, offset: 100 }, 'as-is'],
  [
    'the same number at another offset (a restored backup that went on)',
    { number: 5, offset: 99 },
    'rebuild',
  ],
  ['an older number', { number: 4, offset: 70 }, 'catch-up'],
  ['an older number at the committed offset', { number: 4, offset: 100 }, 'catch-up'],
  ['an older number beyond the committed offset (a restored backup)', { number: 4, offset: 101 }, 'rebuild'],
  ['an older number at rebuildFrom, exactly', { number: 1, offset: 40 }, 'catch-up'],
  ['an older number below rebuildFrom, whose advances are forgotten', { number: 1, offset: 39 }, 'rebuild'],
  ['a silent read up to the same number', { number: 5, offset: 70, silent }, 'catch-up'],
  ['a silent read at the committed offset', { number: 5, offset: 100, silent }, 'catch-up'],
  [
    'a silent read beyond the committed offset (a restored backup)',
    { number: 5, offset: 101, silent },
    'rebuild',
  ],
  ['a silent read, and others went on', { number: 4, offset: 40, silent }, 'catch-up'],
  ['a silent read, and others closed what it knows', { number: 4, offset: 39, silent }, 'rebuild'],
  ['a silent read up to a newer number (a restored backup)', { number: 6, offset: 70, silent }, 'rebuild'],
  ['a newer number (a restored backup)', { number: 6, offset: 100 }, 'rebuild'],
])('%s: %o -> %s', (_, own, continuation) => {
  expect(afterClaim(own, progress)).toBe(continuation);
});
