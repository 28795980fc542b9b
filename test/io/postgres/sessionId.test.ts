/** The documented encoding: what others compute must come out the same. In SQL: userSessions.it.test.ts. */
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nullSafe } from '../../../src/io/postgres/nullSafe.js';
import { sessionId } from '../../../src/io/postgres/sessionId.js';

const sha256 = (text: string) => createHash('sha256').update(text, 'utf8').digest('hex');

describe('the id of a session', () => {
  test.each<[[userId: string | null, ip: string | null, start: number], string]>([
    [['u1', '1.2.3.4', 0], '=2:u1=7:1.2.3.40'],
    [[null, '1.2.3.4', 1_431_857_103_000], '-=7:1.2.3.41431857103000'],
    [['', null, -1], '=0:--1'],
    [[null, null, 5], '--5'],
    [['é漢\u{1f600}', '::1', 17], '=9:é漢\u{1f600}=3:::117'],
  ])('of %j is SHA-256 over %j', (of, text) => {
    expect(sessionId(...of)).toBe(sha256(text));
  });

  test('is a text of 64 hex digits, known by heart', () => {
    expect(sessionId('u1', '1.2.3.4', 0)).toBe(
      'c6987df1a8d8c9585b0363e4dabc3233f871dd454fe519b319b382d5f41badee',
    );
  });
});

// On a failure fast-check prints its seed.
test('two texts, each or none, behind each other can be told apart', () => {
  const field = fc.option(
    fc.string({ unit: fc.constantFrom('-', '=', ':', '1', '2', 'é', 'a'), maxLength: 6 }),
  );
  const pair = fc.tuple(field, field);
  const encoded = (texts: (string | null)[]) => texts.map(nullSafe).join('');
  fc.assert(
    fc.property(pair, pair, (a, b) => {
      expect(encoded(a) === encoded(b)).toBe(a[0] === b[0] && a[1] === b[1]);
    }),
    { numRuns: 2000 },
  );
});
