/** The bytes of Postgres's binary array format, read back here with BigInt. Against a real Postgres: binaryArrays.it.test.ts. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  boolArray,
  byteaArray,
  int4Array,
  int8Array,
  textArray,
  timestamptzArray,
} from '../../../src/io/postgres/binaryArrays.js';

/** The elements' bytes; null for NULL. Checks the header: one dimension, nulls allowed, the type, from index 1. */
function elements(array: Buffer, type: number): (Buffer | null)[] {
  const count = array.readInt32BE(12);
  expect([0, 4, 8, 16].map((at) => array.readInt32BE(at))).toEqual([1, 1, type, 1]);
  const found: (Buffer | null)[] = [];
  let at = 20;
  for (let i = 0; i < count; i++) {
    const length = array.readInt32BE(at);
    at += 4;
    found.push(length === -1 ? null : array.subarray(at, at + length));
    at += Math.max(0, length);
  }
  expect(at).toBe(array.length);
  return found;
}

// On a failure fast-check prints its seed.
describe('every element comes back', () => {
  const whole = fc.oneof(
    fc.maxSafeInteger(),
    fc.integer(),
    fc.constantFrom(0, -1, 2 ** 32, -(2 ** 32), 2 ** 53, -(2 ** 53)),
  );
  test('of bigint[]', () => {
    fc.assert(
      fc.property(fc.array(whole), (values) => {
        const bytes = elements(int8Array(values), 20);
        expect(bytes.map((each) => each!.readBigInt64BE())).toEqual(values.map(BigInt));
      }),
    );
  });

  test('of integer[]', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (values) => {
        expect(elements(int4Array(values), 23).map((each) => each!.readInt32BE())).toEqual(values);
      }),
    );
  });

  test('of boolean[]', () => {
    expect(elements(boolArray([true, false, true]), 16)).toEqual(
      [1, 0, 1].map((byte) => Buffer.from([byte])),
    );
  });

  const FIRST = -62_135_596_800_000;
  const LAST = 253_402_300_799_999;
  const instant = fc.oneof(
    fc.integer({ min: FIRST, max: LAST }),
    fc.constantFrom(FIRST, LAST, 0, -1, 946_684_800_000, 946_684_799_999),
  );
  test('of timestamptz[], from the first millisecond of year 1 to the last of 9999, exactly', () => {
    fc.assert(
      fc.property(fc.array(instant), (values) => {
        const bytes = elements(timestamptzArray(values), 1184);
        const micros = bytes.map((each) => each!.readBigInt64BE());
        expect(micros).toEqual(values.map((each) => (BigInt(each) - 946_684_800_000n) * 1000n));
      }),
      { numRuns: 2000 },
    );
  });

  test('of text[], with NULLs, in UTF-8', () => {
    const text = fc.option(fc.string({ unit: 'grapheme' }), { freq: 3 });
    fc.assert(
      fc.property(fc.array(text), (values) => {
        expect(elements(textArray(values), 25).map((each) => each?.toString('utf8') ?? null)).toEqual(values);
      }),
    );
  });

  test('of bytea[]', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array()), (values) => {
        expect(elements(byteaArray(values), 17)).toEqual(values.map((each) => Buffer.from(each)));
      }),
    );
  });
});
