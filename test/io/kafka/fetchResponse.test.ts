import { describe, expect, test } from 'vitest';
import { decodeFetchById, decodeFetchByName } from '../../../src/io/kafka/fetchResponse.js';
import { encodeFetchAnswer, encodeFetchByIdAnswer } from '../../support/kafkaResponses.js';

describe.each([
  { by: 'name', decode: decodeFetchByName, encode: encodeFetchAnswer },
  { by: 'id', decode: decodeFetchById, encode: encodeFetchByIdAnswer },
])('the answer to a fetch by $by', ({ decode, encode }) => {
  test('is taken apart, field by field', () => {
    const batches = Buffer.from('batches');
    const answer = encode({
      throttleMs: 12,
      topic: 'a.topic',
      partition: 70_000,
      errorCode: 6,
      lastStableOffset: 2 ** 40 + 5,
      startOffset: 2 ** 40,
      abortedTransactions: [
        { producerId: 4_000, firstOffset: 2 ** 33 },
        { producerId: 2 ** 35, firstOffset: 9 },
      ],
      batches,
    });
    expect(decode(answer)).toEqual({
      throttleMs: 12,
      partition: {
        errorCode: 6,
        lastStableOffset: 2 ** 40 + 5,
        startOffset: 2 ** 40,
        abortedTransactions: [
          { producerId: 4_000, firstOffset: 2 ** 33 },
          { producerId: 2 ** 35, firstOffset: 9 },
        ],
        batches,
      },
    });
  });

  test('null aborted transactions and null records are none', () => {
    const { partition } = decode(encode({ abortedTransactions: null, batches: null }));
    expect(partition).toMatchObject({ abortedTransactions: [], batches: Buffer.alloc(0) });
  });

  test('an error for all partitions is one for ours', () => {
    const { partition } = decode(encode({ sessionErrorCode: 29 }));
    expect(partition).toMatchObject({ errorCode: 29 });
  });

  test('no partition and no error: only a pause is wanted', () => {
    expect(decode(encode({ throttleMs: 500, nothing: true }))).toEqual({
      throttleMs: 500,
      partition: null,
    });
  });
});
