import { describe, expect, test } from 'vitest';
import type { AbortedTransaction } from '../../../src/io/kafka/abortedTransactions.js';
import { loadCodec } from '../../../src/io/kafka/codecs.js';
import { type RecordCursor, UnreadableLog } from '../../../src/io/kafka/logReader.js';
import { surveyBatches } from '../../../src/io/kafka/recordBatch.js';
import { createRecordCursor } from '../../../src/io/kafka/recordCursor.js';
import { type BatchRecord, encodeBatch } from '../../support/kafkaBatch.js';
import { compressors } from '../../support/kafkaCodecs.js';
import { take } from '../../support/kafkaRead.js';

const log = { topic: 'events', partition: 3 };
const decompressors = new Map(
  await Promise.all([1, 2, 3, 4].map(async (number) => [number, await loadCodec(number)] as const)),
);

function cursorOver(
  batches: Buffer,
  { wantedOffset = 0, aborted = [] as AbortedTransaction[] } = {},
): RecordCursor {
  const survey = surveyBatches(batches, { ...log, wantedOffset });
  return createRecordCursor({
    log,
    batches: batches.subarray(0, survey.wholeBytes),
    wantedOffset,
    abortedTransactions: aborted,
    decompressors,
  });
}
const values = (...values: string[]): BatchRecord[] => values.map((value) => ({ value }));
const offsetsOf = (cursor: RecordCursor) => take(cursor).map(({ offset }) => offset);

describe('varints', () => {
  // A zigzag varint grows by a byte at 2^6, 2^13, 2^20, 2^27, 2^34 …; 28 bits are where the decoder changes its way.
  const edges = [6, 13, 20, 27, 34, 41, 48].flatMap((bits) => [
    2 ** bits - 1,
    2 ** bits,
    -(2 ** bits),
    -(2 ** bits) - 1,
  ]);
  test.each([0, 1, -1, ...edges])('a time %i ms after the base', (deltaMs) => {
    const baseTimestampMs = 1_700_000_000_000;
    const records = [{ value: 'v', timestampMs: baseTimestampMs + deltaMs }];
    const [record] = take(cursorOver(encodeBatch({ baseOffset: 0, records, baseTimestampMs })));
    expect(record).toMatchObject({ timestampMs: baseTimestampMs + deltaMs, value: 'v' });
  });

  test.each([0, 1, 63, 64, 127, 128, 8_191, 8_192, 1_048_575, 1_048_576])(
    'a key and a value of %i bytes',
    (length) => {
      const data = Buffer.alloc(length, 'x');
      const cursor = cursorOver(
        encodeBatch({ baseOffset: 0, records: [{ key: data, value: data }, { value: 'after' }] }),
      );
      expect(cursor.next()).toBe(true);
      expect([cursor.key()!.equals(data), cursor.value()!.equals(data)]).toEqual([true, true]);
      expect(take(cursor)).toMatchObject([{ offset: 1, value: 'after' }]);
    },
  );

  test.each([63, 64, 8_191, 8_192, 2 ** 31 - 1])('a record %i offsets after the base', (delta) => {
    const batch = encodeBatch({ baseOffset: 1_000, records: [{ value: 'v', offset: 1_000 + delta }] });
    const cursor = cursorOver(batch);
    expect(offsetsOf(cursor)).toEqual([1_000 + delta]);
    expect(cursor.nextOffset).toBe(1_000 + delta + 1);
  });
});

describe('times', () => {
  test('of records that go back', () => {
    const records = [5_000, 3_000, 9_000].map((timestampMs) => ({ value: 'v', timestampMs }));
    expect(
      take(cursorOver(encodeBatch({ baseOffset: 0, records }))).map(({ timestampMs }) => timestampMs),
    ).toEqual([5_000, 3_000, 9_000]);
  });

  test('stamped by the broker: all of a batch have its time', () => {
    const records = [5_000, 6_000].map((timestampMs) => ({ value: 'v', timestampMs }));
    const batch = encodeBatch({ baseOffset: 0, records, appendedAtMs: 77_000 });
    expect(take(cursorOver(batch)).map(({ timestampMs }) => timestampMs)).toEqual([77_000, 77_000]);
  });
});

describe('batches', () => {
  const first = encodeBatch({ baseOffset: 10, records: values('a', 'b') });
  const second = encodeBatch({ baseOffset: 12, records: values('c', 'd') });
  const both = Buffer.concat([first, second]);

  test('a cut last batch is left for the next fetch, wherever it is cut', () => {
    for (let length = first.length; length < both.length; length += 1) {
      const cursor = cursorOver(both.subarray(0, length), { wantedOffset: 10 });
      expect(offsetsOf(cursor)).toEqual([10, 11]);
      expect(cursor.nextOffset).toBe(12);
    }
    expect(offsetsOf(cursorOver(both, { wantedOffset: 10 }))).toEqual([10, 11, 12, 13]);
  });

  test('a cut first batch is an error: there would never be progress', () => {
    expect(() => cursorOver(first.subarray(0, first.length - 1), { wantedOffset: 10 })).toThrow(
      'events/3 cannot be read at offset 10: the first batch is cut off',
    );
  });

  test('nothing at all is no error', () => {
    const cursor = cursorOver(Buffer.alloc(0), { wantedOffset: 10 });
    expect([cursor.next(), cursor.nextOffset]).toEqual([false, 10]);
  });

  test('nextOffset: that of the record taken last plus one, at the end of a batch that of the next', () => {
    const cursor = cursorOver(both, { wantedOffset: 10 });
    const seen = [cursor.nextOffset];
    while (cursor.next()) seen.push(cursor.nextOffset);
    expect([...seen, cursor.nextOffset]).toEqual([10, 11, 12, 13, 14, 14]);
  });

  test('next says false again and again at the end', () => {
    const cursor = cursorOver(first, { wantedOffset: 11 });
    expect([cursor.next(), cursor.next(), cursor.next()]).toEqual([true, false, false]);
  });
});

describe('compaction', () => {
  test('gaps inside of a batch, before and after its records are passed over', () => {
    const batches = Buffer.concat([
      encodeBatch({
        baseOffset: 0,
        records: [
          { value: 'a', offset: 2 },
          { value: 'b', offset: 5 },
        ],
        lastOffset: 9,
      }),
      encodeBatch({ baseOffset: 20, records: [{ value: 'c', offset: 20 }], lastOffset: 29 }),
    ]);
    const cursor = cursorOver(batches);
    const seen: [number, number][] = [];
    while (cursor.next()) seen.push([cursor.offset, cursor.nextOffset]);
    expect(seen).toEqual([
      [2, 3],
      [5, 10],
      [20, 30],
    ]);
  });

  test('a batch with no records left moves nextOffset', () => {
    const batches = Buffer.concat([
      encodeBatch({ baseOffset: 0, records: [], lastOffset: 7 }),
      encodeBatch({ baseOffset: 8, records: values('a') }),
      encodeBatch({ baseOffset: 9, records: [], lastOffset: 19 }),
    ]);
    const cursor = cursorOver(batches);
    expect(offsetsOf(cursor)).toEqual([8]);
    expect(cursor.nextOffset).toBe(20);
  });

  test('a wanted offset after the last record of a batch: the batch is passed', () => {
    const batch = encodeBatch({ baseOffset: 0, records: values('a', 'b'), lastOffset: 9 });
    const cursor = cursorOver(batch, { wantedOffset: 5 });
    expect([cursor.next(), cursor.nextOffset]).toEqual([false, 10]);
  });
});

describe('compressed batches', () => {
  const records = Array.from({ length: 500 }, (_, index) => ({
    key: `k${index}`,
    value: JSON.stringify({ index, text: 'x'.repeat(index) }),
    timestampMs: 1_000 + index,
  }));

  test.each(Object.entries(compressors))('%s, from any offset within', (_, codec) => {
    const batch = encodeBatch({ baseOffset: 100, records, codec });
    for (const wantedOffset of [100, 101, 350, 599]) {
      const taken = take(cursorOver(batch, { wantedOffset }));
      expect(taken).toEqual(
        records.map((record, index) => ({ offset: 100 + index, ...record })).slice(wantedOffset - 100),
      );
    }
  });

  test.each(Object.entries(compressors))(
    '%s, damaged: UnreadableLog with the offset of the batch',
    (_, codec) => {
      const compress = (data: Buffer) => codec.compress(data).fill(0xa5, 8);
      const batch = encodeBatch({ baseOffset: 100, records, codec: { number: codec.number, compress } });
      const cursor = cursorOver(batch, { wantedOffset: 100 });
      expect(() => cursor.next()).toThrow(UnreadableLog);
      expect(() => cursorOver(batch, { wantedOffset: 100 }).next()).toThrow(
        'events/3 cannot be read at offset 100: a compressed batch is damaged',
      );
    },
  );
});

describe('damaged batches', () => {
  const batch = encodeBatch({ baseOffset: 40, records: [{ key: 'k', value: 'value' }] });
  const withByte = (at: number, byte: number) => {
    const damaged = Buffer.from(batch);
    damaged[at] = byte;
    return damaged;
  };
  // After the header: record length, attributes, time delta, offset delta, key length, key, value length, value, headers.
  test.each([
    ['record length below 0', 61, 0x01],
    ['record length beyond the batch', 61, 0x7e],
    ['record length that never ends', 61, 0xff],
    ['key length beyond the record', 65, 0x7e],
    ['value length beyond the record', 67, 0x7e],
  ])('%s: UnreadableLog', (_, at, byte) => {
    expect(() => cursorOver(withByte(at, byte)).next()).toThrow(
      'events/3 cannot be read at offset 40: a record does not fit into its batch',
    );
  });

  test('more records announced than there are: UnreadableLog', () => {
    const cursor = cursorOver(withByte(60, 2));
    expect(cursor.next()).toBe(true);
    expect(() => cursor.next()).toThrow(UnreadableLog);
  });

  test('a batch length below that of a header: UnreadableLog', () => {
    const damaged = Buffer.from(batch);
    damaged.writeInt32BE(-1, 8);
    expect(() => cursorOver(damaged)).toThrow(
      'events/3 cannot be read at offset 40: a batch has no valid length',
    );
  });

  test.each([0, 1, 3])('message format v%i: UnreadableLog', (format) => {
    const old = encodeBatch({ baseOffset: 40, records: values('v'), format });
    expect(() => cursorOver(old)).toThrow(
      `events/3 cannot be read at offset 40: message format v${format} is not supported`,
    );
  });
});
