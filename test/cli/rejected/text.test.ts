import { describe, expect, it } from 'vitest';
import { asText, beginningOf } from '../../../src/cli/rejected/text.js';

describe('bytes', () => {
  it.each([
    ['{"a":"ü"}', { encoding: 'utf8', text: '{"a":"ü"}' }],
    ['', { encoding: 'utf8', text: '' }],
    ['\uFEFFa', { encoding: 'utf8', text: '\uFEFFa' }],
  ])('of %j are shown as text', (value, shown) => {
    expect(asText(Buffer.from(value))).toEqual(shown);
  });

  it('that are not UTF-8 are shown in hex', () => {
    expect(asText(Buffer.from('61ff', 'hex'))).toEqual({ encoding: 'hex', text: '61ff' });
  });
});

describe('the beginning of a value', () => {
  it.each<[string, Buffer | null, string]>([
    ['null', null, '(null)'],
    ['empty', Buffer.alloc(0), '(empty)'],
    ['60 characters', Buffer.from('é'.repeat(60)), 'é'.repeat(60)],
    ['61 characters', Buffer.from('é'.repeat(61)), `${'é'.repeat(60)}…`],
    ['several lines', Buffer.from('a\r\n\tb'), 'a   b'],
    ['an escape sequence', Buffer.from('a\u001B[31mb'), 'a\uFFFD[31mb'],
    ['a turn of direction', Buffer.from('a\u202Eb'), 'a\uFFFDb'],
    ['not UTF-8', Buffer.from('61ff62', 'hex'), 'a\uFFFDb'],
  ])('that is %s', (_, value, shown) => {
    expect(beginningOf(value, value?.length ?? 0)).toBe(shown);
  });

  it('says that there is more, also where its bytes end before the characters that are shown', () => {
    expect(beginningOf(Buffer.from('ab'), 3)).toBe('ab…');
  });
});
