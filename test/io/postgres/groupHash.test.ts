import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { groupHash } from '../../../src/io/postgres/groupHash.js';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('the hash of a group', () => {
  it.each([
    ['www.example.com', null, '=15:www.example.com-'],
    [null, null, '--'],
    ['é', '', '=2:é=0:'],
    ['x'.repeat(3_000_000), 'y', `=3000000:${'x'.repeat(3_000_000)}=1:y`], // larger than what is remembered
  ])('is the SHA-256 of both texts, null-safe, each time that it is asked for', (one, other, text) => {
    for (let times = 0; times < 3; times++) expect(groupHash(one, other).toString('hex')).toBe(sha256(text));
  });

  it('tells groups apart whose texts are the same behind each other', () => {
    expect(groupHash('a', 'bc')).not.toEqual(groupHash('ab', 'c'));
    expect(groupHash('-', null)).not.toEqual(groupHash(null, '-'));
  });
});
