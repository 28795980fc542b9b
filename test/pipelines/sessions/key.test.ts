import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { partsOfKey, sessionKey } from '../../../src/pipelines/sessions/key.js';

type Pair = [userId: string | null, ip: string | null];

/** What could be taken for something else: nulls and empties, their names, separators, parts of each other. */
const NASTY = [
  null,
  '',
  '0',
  '00',
  'null',
  'undefined',
  '-',
  '=',
  ':',
  '1',
  '11',
  '1.1.1.1',
  ' ',
  '"',
  '\\0',
  '\u0001',
  'é',
  '\ufffd',
  '\u{1f600}',
];
const PAIRS = NASTY.flatMap((userId) => NASTY.map((ip): Pair => [userId, ip]));

describe('the key of (user_id, ip)', () => {
  test('no two have the same', () => {
    expect(new Set(PAIRS.map((pair) => sessionKey(...pair))).size).toBe(PAIRS.length);
  });

  test.each<[Pair, Pair]>([
    [
      [null, '1.2.3.4'],
      ['', '1.2.3.4'],
    ],
    [
      [null, '1.2.3.4'],
      ['null', '1.2.3.4'],
    ],
    [
      [null, '1.2.3.4'],
      ['1.2.3.4', null],
    ],
    [
      [null, '1.2.3.4'],
      ['1.2.3.4', ''],
    ],
    [
      [null, null],
      ['', ''],
    ],
    [
      [null, null],
      [null, ''],
    ],
    [
      [null, ''],
      ['', null],
    ],
    [
      ['a', 'bc'],
      ['ab', 'c'],
    ],
    [
      ['a', 'b'],
      ['b', 'a'],
    ],
  ])('%j is not %j', (a, b) => expect(sessionKey(...a)).not.toBe(sessionKey(...b)));

  test('tells what it was made of', () => {
    for (const [userId, ip] of PAIRS) expect(partsOfKey(sessionKey(userId, ip))).toEqual({ userId, ip });
  });

  // On a failure fast-check prints its seed.
  test('the same for any texts without U+0000', () => {
    const field = fc.option(fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')));
    fc.assert(
      fc.property(field, field, (userId, ip) => {
        expect(partsOfKey(sessionKey(userId, ip))).toEqual({ userId, ip });
      }),
    );
  });
});
