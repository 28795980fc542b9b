import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseObject, type JsonEvent } from '../../src/pipelines/jsonEvent.js';
import { generateTraffic, PLAIN_TRAFFIC } from '../../src/cli/generate/traffic.js';
import { CLICK_FIELDS } from '../../src/pipelines/clicks/event.js';
import { HIT_FIELDS } from '../../src/pipelines/hits/event.js';
import { JsonFields } from '../../src/pipelines/jsonFields.js';
import { RECORD_BYTES } from '../../src/pipelines/jsonScan.js';
import { VISIT_FIELDS } from '../../src/pipelines/sessions/event.js';
import { valueBytes } from '../support/jsonBytes.js';

const fields = new JsonFields({ a: null, bb: null, at: { a: null, deep: { a: null } } });

/** What can be relied on: the wanted fields. */
function wanted(event: JsonEvent): unknown {
  if (typeof event === 'string') return event;
  const { a, bb, at } = event;
  return {
    a,
    bb,
    at: within(at, ({ a: inner, deep }) => ({ a: inner, deep: within(deep, (last) => last['a']) })),
  };
}

function within(value: unknown, of: (object: Record<string, unknown>) => unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return of(value as Record<string, unknown>);
}

function expectSame(text: string | Buffer): void {
  const plain = wanted(parseObject(text.toString()));
  for (let time = 0; time < 3; time++) expect(wanted(fields.read(valueBytes(text)))).toEqual(plain);
}

describe('fields of an object are those that JSON.parse finds', () => {
  it.each([
    '{}',
    ' \t\r\n{ "a" : 1 , "bb" : null } \n',
    '{"a":"x","a":"y"}',
    '{"a":"x","a":null}',
    '{"at":{"a":1},"at":{"deep":{"a":"z"}}}',
    '{"at":{"a":1},"at":5}',
    '{"at":[{"a":1}],"a":true}',
    '{"a":{"x":1},"bb":[1,2]}',
    '{"a":-0,"bb":1.5e3}',
    '{"a":1E-2,"bb":123456789012345678901234567890}',
    '{"\\u0061":1,"a":2}',
    '{"a":2,"\\u0061":1}',
    '{"a":"\\u00e9\\n\\"\\\\\\/","bb":"\\ud83d\\ude00"}',
    '{"a":"\\ud800","bb":"é😀"}',
    '{"a":"","bb":"0123456789abcde","x":"0123456789abcdef"}',
    `{"a":"${'x'.repeat(255)}","bb":"${'y'.repeat(257)}"}`,
    '{"x":{"y":[1,{"z":[]},"]}"]},"a":1}',
    `{"x":${'['.repeat(40)}${']'.repeat(40)},"a":1}`,
    '{"__proto__":{"a":1},"constructor":2,"a":3}',
    '{"ab":1,"b":2,"aa":3}',
  ])('%s', (text) => expectSame(text));
});

describe('what is no JSON object is none', () => {
  it.each([
    '{',
    '{"a"',
    '{"a":',
    '{"a":1',
    '{"a":1,',
    '{"a":1,}',
    '{,}',
    '{"a":1}}',
    '{"a":1} x',
    '{a:1}',
    "{'a':1}",
    '{"a":01}',
    '{"a":+1}',
    '{"a":1.}',
    '{"a":.5}',
    '{"a":1e}',
    '{"a":-}',
    '{"a":0x1}',
    '{"a":NaN}',
    '{"a":nul}',
    '{"a":"\n"}',
    '{"a":"\u0000"}',
    '{"x":"\u001f"}',
    '{"a":"\\x"}',
    '{"a":"\\u12g4"}',
    '{"a":"x}',
    '{"a":"\\"}',
    '{"x":[1,]}',
    '{"x":[,1]}',
    '{"x":[1 2]}',
    '{"x":tru}',
    '{"x":"\\u12"}',
    '{"a":1 "bb":2}',
    '{"a" 1}',
    '[]',
    '1',
    ' ',
    '\ufeff{"a":1}',
    '{"a":1}\u00a0',
  ])('%j', (text) => expectSame(text));

  it('a value that ends in the middle of a text that goes on behind it', () => {
    expectSame('{"a":"x');
    expectSame('{"a":"x\\');
    expectSame('{"a":"x\\u00');
  });
});

describe('what is usual is not left to JSON.parse, which would cost twice as much', () => {
  const lines = (options: object) =>
    [
      ...generateTraffic({ ...PLAIN_TRAFFIC, events: 50, time: { startMs: 0, perSecond: 50 }, ...options }),
    ].map(({ value }) => value);
  it.each([
    ['hits', HIT_FIELDS, lines({})],
    ['sessions', VISIT_FIELDS, lines({})],
    ['clicks', CLICK_FIELDS, lines({ what: 'clicks', key: 'user' })],
    [
      'what else there is',
      fields,
      ['{"x":[1,{"y":"\\u00e9é"}], "a":"b", "at":{"a":-1.5e3, "deep":{"a":""}}}'],
    ],
  ])('%s', (_, of, values) => {
    // The scan hands out the same object again and again.
    const first = of.read(valueBytes(values[0]!));
    for (const value of values) expect(of.read(valueBytes(value))).toBe(first);
  });
});

describe('limits of the scan are none for who reads', () => {
  it.each([15, 16, 17, 18])('%s levels', (levels) => {
    expectSame(`{"x":${'['.repeat(levels)}${']'.repeat(levels)},"a":1}`);
  });
  it.each([255, 256, 257])('a text of %s bytes, known and not', (length) => {
    for (const last of 'xyx')
      expectSame(JSON.stringify({ a: `${'é'.repeat(50)}${'a'.repeat(length - 101)}${last}` }));
  });
  it.each([RECORD_BYTES - 1, RECORD_BYTES, RECORD_BYTES + 1])(
    'a buffer of %s bytes, with the value at its end',
    (size) => {
      const text = '{"a":"at the end"}';
      const valueIn = Buffer.alloc(size, '"');
      const valueStart = valueIn.length - text.length;
      valueIn.write(text, valueStart);
      expect(wanted(fields.read({ valueIn, valueStart, valueEnd: size }))).toMatchObject({ a: 'at the end' });
    },
  );
});

it('a tombstone and a value without bytes are empty', () => {
  expect(fields.read(valueBytes(null))).toBe('empty');
  expect(fields.read(valueBytes(''))).toBe('empty');
});

it('a buffer that is larger than the memory of the scan is read as well', () => {
  const text = JSON.stringify({ x: 'y'.repeat(9 * 2 ** 20), a: 'behind it' });
  expect(wanted(fields.read(valueBytes(text)))).toMatchObject({ a: 'behind it' });
});

it('a text is not known by what was read of a value that is no JSON, or of a field that comes twice', () => {
  // 40,000 texts of one letter more each: all places have met several.
  const texts = Array.from({ length: 40_000 }, (_, i) => `${i}`);
  for (const each of texts) {
    fields.read(valueBytes(`{"a":"${each}","bb":"${each}"`));
    fields.read(valueBytes(`{"a":"${each}","a":"${each}","a":"x"}`));
  }
  for (const each of texts)
    expect(wanted(fields.read(valueBytes(`{"a":"${each}"}`)))).toMatchObject({ a: each });
});

it('a text that is known is found beside one that takes its place', () => {
  for (let i = 0; i < 20_000; i++) {
    const known = `known ${i % 20}`;
    for (let time = 0; time < 2; time++) {
      const text = JSON.stringify({ a: `new ${i}`, bb: known });
      expect(wanted(fields.read(valueBytes(text)))).toMatchObject({ a: `new ${i}`, bb: known });
    }
  }
});

it('texts that are like one that is known are not taken for it', () => {
  const texts = Array.from({ length: 5000 }, (_, i) => `agent/${i % 4999} with a long tail ${i % 7}`);
  for (let time = 0; time < 3; time++) {
    for (const text of texts)
      expect(wanted(fields.read(valueBytes(JSON.stringify({ a: text }))))).toMatchObject({ a: text });
  }
});

/** JSON with names that are wanted now and then, white space, and numbers and texts of all kinds. */
const json = fc.letrec<{ value: unknown; object: Record<string, unknown> }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme', maxLength: 40 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.constantFrom(null, true, false),
    fc.array(tie('value'), { maxLength: 3 }),
    tie('object'),
  ),
  object: fc.dictionary(
    fc.oneof(fc.constantFrom('a', 'bb', 'at', 'deep', 'b', 'x'), fc.string({ maxLength: 3 })),
    tie('value'),
    { maxKeys: 6 },
  ),
}));
const text = fc
  .tuple(json.object, fc.constantFrom(0, 1, '\t', '\n '))
  .map(([object, space]) => JSON.stringify(object, null, space));

describe('random JSON', () => {
  it('is read as JSON.parse reads it', () => {
    fc.assert(fc.property(text, expectSame), { numRuns: 2000 });
  });

  it('and so is what is left of it when bytes are changed, cut off or doubled', () => {
    const damage = fc.record({
      text,
      at: fc.nat(),
      instead: fc.oneof(
        fc.constantFrom(...Array.from('"\\{}[],:0-+.eEu \n\u0000')),
        fc.integer({ min: 0, max: 255 }),
      ),
      remove: fc.nat({ max: 2 }),
    });
    fc.assert(
      fc.property(damage, ({ text: whole, at, instead, remove }) => {
        const bytes = Buffer.from(whole);
        const cut = at % (bytes.length + 1);
        const byte = typeof instead === 'number' ? Buffer.from([instead]) : Buffer.from(instead);
        expectSame(Buffer.concat([bytes.subarray(0, cut), byte, bytes.subarray(cut + remove)]));
        expectSame(bytes.subarray(0, cut));
      }),
      { numRuns: 4000 },
    );
  });
});
