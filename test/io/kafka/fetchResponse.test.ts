import { describe, expect, test } from 'vitest';
import { decodeFetchResponse } from '../../../src/io/kafka/fetchResponse.js';
import { encodeFetchAnswer } from '../../support/kafkaResponses.js';

describe('the answer to a fetch', () => {
  test('is taken apart, field by field', () => {
    const batches = Buffer.from('batches');
    const answer = encodeFetchAnswer({
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
    expect(decodeFetchResponse(answer)).toEqual({
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
    const { partition } = decodeFetchResponse(
      encodeFetchAnswer({ abortedTransactions: null, batches: null }),
    );
    expect(partition).toMatchObject({ abortedTransactions: [], batches: Buffer.alloc(0) });
  });

  test('an error for all partitions is one for ours', () => {
    const { partition } = decodeFetchResponse(encodeFetchAnswer({ sessionErrorCode: 29 }));
    expect(partition).toMatchObject({ errorCode: 29 });
  });

  test('no partition and no error: only a pause is wanted', () => {
    expect(decodeFetchResponse(encodeFetchAnswer({ throttleMs: 500, nothing: true }))).toEqual({
      throttleMs: 500,
      partition: null,
    });
  });
});
