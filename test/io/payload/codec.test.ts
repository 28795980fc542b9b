import { randomBytes } from 'node:crypto';

import type { Payload, SerializationContext } from '@temporalio/common';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { brotliCodec } from '../../../src/io/payload/codec.js';

const codec = brotliCodec();

const workflow: SerializationContext = { type: 'workflow', namespace: 'default', workflowId: 'hits' };
const activity: SerializationContext = { type: 'activity', namespace: 'default', isLocal: false };
const local: SerializationContext = { type: 'activity', namespace: 'default', isLocal: true };

const bytes = (text: string) => new TextEncoder().encode(text);
const payload = (data: Uint8Array): Payload => ({ metadata: { encoding: bytes('json/plain') }, data });
const zeros = (length: number) => payload(bytes('0'.repeat(length)));

async function encodingOf(input: Payload, context?: SerializationContext): Promise<string> {
  const [encoded] = await codec.encode([input], context);
  return new TextDecoder().decode(encoded!.metadata!.encoding);
}

describe('the limit above which payloads are compressed', () => {
  test.each([
    ['activity: exactly 1 kB stays', activity, 1024, 'json/plain'],
    ['activity: one byte more is compressed', activity, 1025, 'binary/brotli'],
    ['workflow: exactly 16 kB stays', workflow, 16_384, 'json/plain'],
    ['workflow: one byte more is compressed', workflow, 16_385, 'binary/brotli'],
    ['without a context: as for workflows, exactly 16 kB stays', undefined, 16_384, 'json/plain'],
    ['without a context: as for workflows, one byte more is compressed', undefined, 16_385, 'binary/brotli'],
    ['local activity: never', local, 1_000_000, 'json/plain'],
  ])('%s', async (...[, context, length, encoding]) => {
    expect(await encodingOf(zeros(length), context)).toBe(encoding);
  });
});

test('a payload that does not shrink stays as it is', async () => {
  const noise = payload(randomBytes(50_000));
  expect(await codec.encode([noise], activity)).toEqual([noise]);
});

test('unknown encodings pass through decoding', async () => {
  const foreign: Payload = { metadata: { encoding: bytes('binary/encrypted') }, data: randomBytes(2000) };
  expect(await codec.decode([foreign, {}])).toEqual([foreign, {}]);
});

test('no payloads give no payloads', async () => {
  expect(await codec.encode([], activity)).toEqual([]);
  expect(await codec.decode([])).toEqual([]);
});

test('decoding gives back what was encoded, metadata included', async () => {
  const metadata = fc.dictionary(fc.string({ minLength: 1 }), fc.uint8Array());
  const data = fc.oneof(
    fc.uint8Array(),
    fc.string().map((text) => bytes(text.repeat(3000))),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record({ metadata, data })), async (payloads) => {
      const decoded = await codec.decode(await codec.encode(payloads, activity));
      expect(decoded.map(plain)).toEqual(payloads.map(plain));
    }),
  );
});

/** Protobuf gives Buffers and objects without a prototype: the same bytes count as the same. */
function plain({ metadata, data }: Payload): unknown {
  const hex = (value: Uint8Array | null | undefined) => Buffer.from(value ?? []).toString('hex');
  return {
    metadata: Object.entries(metadata ?? {})
      .map(([key, value]) => [key, hex(value)])
      .sort(([a = ''], [b = '']) => (a < b ? -1 : 1)),
    data: hex(data),
  };
}
