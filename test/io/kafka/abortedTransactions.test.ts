import { describe, expect, test } from 'vitest';
import type { AbortedTransaction } from '../../../src/io/kafka/abortedTransactions.js';
import { createRecordCursor } from '../../../src/io/kafka/recordCursor.js';
import { encodeBatch, encodeMarker } from '../../support/kafkaBatch.js';
import { take } from '../../support/kafkaRead.js';

const write = (baseOffset: number, producerId: number, value: string) =>
  encodeBatch({ baseOffset, producerId, transactional: producerId >= 0, records: [{ value }] });
const noProducer = -1;
const [one, two] = [1, 2];

function read(batches: Buffer[], abortedTransactions: AbortedTransaction[], wantedOffset = 0) {
  const log = { topic: 'events', partition: 0 };
  const set = Buffer.concat(batches);
  const cursor = createRecordCursor({
    log,
    batches: set,
    wantedOffset,
    abortedTransactions,
    decompressors: new Map(),
  });
  const values = take(cursor).map(({ value }) => value);
  return { values, nextOffset: cursor.nextOffset };
}

describe('aborted transactions', () => {
  test('of two producers at once: each ends with its own marker', () => {
    const batches = [
      write(0, one, 'one aborts'),
      write(1, two, 'two commits'),
      write(2, noProducer, 'plain'),
      encodeMarker({ offset: 3, producerId: two, outcome: 'commit' }),
      write(4, one, 'one aborts too'),
      write(5, two, 'two again'),
      encodeMarker({ offset: 6, producerId: one, outcome: 'abort' }),
      encodeMarker({ offset: 7, producerId: two, outcome: 'commit' }),
    ];
    expect(read(batches, [{ producerId: one, firstOffset: 0 }])).toEqual({
      values: ['two commits', 'plain', 'two again'],
      nextOffset: 8,
    });
  });

  test('a producer that aborts, commits and aborts: from each first offset to the next abort marker', () => {
    const batches = [
      write(0, one, 'aborted'),
      encodeMarker({ offset: 1, producerId: one, outcome: 'abort' }),
      write(2, one, 'committed'),
      encodeMarker({ offset: 3, producerId: one, outcome: 'commit' }),
      write(4, one, 'aborted again'),
      encodeMarker({ offset: 5, producerId: one, outcome: 'abort' }),
      write(6, one, 'committed again'),
    ];
    const aborted = [
      { producerId: one, firstOffset: 4 },
      { producerId: one, firstOffset: 0 },
    ];
    expect(read(batches, aborted).values).toEqual(['committed', 'committed again']);
  });

  test('one that began before what was fetched', () => {
    const batches = [
      write(7, one, 'aborted'),
      encodeMarker({ offset: 8, producerId: one, outcome: 'abort' }),
    ];
    expect(read(batches, [{ producerId: one, firstOffset: 2 }], 7)).toEqual({ values: [], nextOffset: 9 });
  });

  test('what the same producer writes without a transaction is read', () => {
    const plain = encodeBatch({ baseOffset: 1, producerId: one, records: [{ value: 'plain' }] });
    expect(read([write(0, one, 'aborted'), plain], [{ producerId: one, firstOffset: 0 }]).values).toEqual([
      'plain',
    ]);
  });

  test('a batch that begins below the first offset is read when it ends below it too', () => {
    const batch = encodeBatch({
      baseOffset: 0,
      producerId: one,
      transactional: true,
      records: [{ value: 'a' }, { value: 'b' }],
    });
    const after = write(2, one, 'aborted');
    expect(read([batch, after], [{ producerId: one, firstOffset: 2 }]).values).toEqual(['a', 'b']);
  });

  test('a marker whose batch the log cleaner has based on a far time ends it', () => {
    const batches = [
      write(0, one, 'aborted'),
      encodeMarker({
        offset: 1,
        producerId: one,
        outcome: 'abort',
        timestampMs: 5,
        baseTimestampMs: 1_800_000_000_000,
      }),
      write(2, one, 'committed'),
    ];
    expect(read(batches, [{ producerId: one, firstOffset: 0 }]).values).toEqual(['committed']);
  });

  test('a control batch that compaction has emptied is passed over and ends nothing', () => {
    const empty = encodeBatch({
      baseOffset: 1,
      records: [],
      producerId: one,
      transactional: true,
      control: true,
    });
    const batches = [write(0, one, 'aborted'), empty, write(2, one, 'aborted')];
    expect(read(batches, [{ producerId: one, firstOffset: 0 }])).toEqual({ values: [], nextOffset: 3 });
  });

  test('control records are never read, with or without aborted transactions', () => {
    const marker = encodeMarker({ offset: 0, producerId: one, outcome: 'commit' });
    expect(read([marker], [])).toEqual({ values: [], nextOffset: 1 });
  });
});
