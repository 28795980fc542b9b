import { DefaultPayloadConverter } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { payloadConverter } from '../../../src/io/payload/payloadConverter.js';

const sdk = new DefaultPayloadConverter();

const VALUES: [string, unknown][] = [
  ['nothing', undefined],
  ['null', null],
  ['a number', 4.5],
  ['an empty text', ''],
  ['a text that is not ASCII', 'naïve – 日本語 🦦'],
  ['half of a surrogate pair', 'a\ud83d'],
  ['a nested value', { rows: [[1, 'a', null]], left: undefined }],
  ['bytes', Uint8Array.of(0, 127, 255)],
  ['a long text', 'ä'.repeat(100_000)],
];

describe('a payload', () => {
  it.each(VALUES)("of %s is the SDK's, and the SDK's is read", (_, value) => {
    const payload = payloadConverter.toPayload(value);
    expect(payload).toEqual(sdk.toPayload(value));
    expect(payloadConverter.fromPayload(sdk.toPayload(value))).toEqual(sdk.fromPayload(payload));
  });

  it('of what JSON has no form for is refused', () => {
    expect(() => payloadConverter.toPayload(1n)).toThrow(/Unable to convert/);
  });

  it('without data is refused', () => {
    const { metadata } = payloadConverter.toPayload(1);
    expect(() => payloadConverter.fromPayload({ ...(metadata && { metadata }) })).toThrow(/without data/);
  });
});
