import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KafkaUnavailable, type LogReader, OffsetOutOfRange } from '../../../src/io/kafka/logReader.js';
import type { BatchRecord } from '../../support/kafkaBatch.js';
import { readTo, take } from '../../support/kafkaRead.js';

/** A fresh partition with a reader on it. */
export interface LogHarness {
  reader: LogReader;
  topic: string;
  /** Appends as one batch. */
  append(...records: BatchRecord[]): Promise<unknown>;
  /** Appends as a transaction that stays open until it is ended. */
  begin(...records: BatchRecord[]): Promise<{ end(outcome: 'commit' | 'abort'): Promise<unknown> }>;
  deleteBefore(offset: number): Promise<unknown>;
  /** The clock that `requestedAtMs` is of. */
  nowMs(): number;
  /** Lets time go by in a log whose clock stands still. */
  pass(ms: number): Promise<unknown>;
  close(): Promise<unknown>;
}

const values = (...values: (string | null)[]): BatchRecord[] => values.map((value) => ({ key: 'k', value }));
const numbered = (from: number, to: number) =>
  values(...Array.from({ length: to - from }, (_, index) => `v${from + index}`));
const anything = { maxWaitMs: 1_000, maxBytes: 1 << 20 };

/** What every LogReader keeps. */
export function logReaderContract(open: () => Promise<LogHarness>): void {
  let log: LogHarness;
  beforeEach(async () => {
    log = await open();
  });
  afterEach(() => log.close());

  const fetch = (offset: number, more: Partial<typeof anything> = {}) =>
    log.reader.fetch({ ...anything, offset, ...more });
  const read = async (from: number, to: number) =>
    (await readTo(log.reader, { from, to })).records.map(({ value }) => value);

  describe('where it reads', () => {
    test.each([0, 1, 4, 5, 6, 9])('from offset %i on, wherever batches begin', async (from) => {
      await log.append(...numbered(0, 5));
      await log.append(...numbered(5, 10));
      const { records, nextOffset } = await readTo(log.reader, { from, to: 10 });
      expect(records.map(({ offset, value }) => [offset, value])).toEqual(
        Array.from({ length: 10 - from }, (_, index) => [from + index, `v${from + index}`]),
      );
      expect(nextOffset).toBe(10);
    });

    test('keeps no position: the same offset gives the same records', async () => {
      await log.append(...numbered(0, 3));
      expect(await read(1, 3)).toEqual(['v1', 'v2']);
      expect(await read(1, 3)).toEqual(['v1', 'v2']);
    });

    test('tells the oldest offset and the end', async () => {
      await log.append(...numbered(0, 3));
      await log.deleteBefore(1);
      expect(await fetch(1)).toMatchObject({ startOffset: 1, endOffset: 3 });
    });

    test('a cursor left in the middle goes on after the record taken last', async () => {
      await log.append(...numbered(0, 5));
      const { records } = await fetch(1);
      expect(records.nextOffset).toBe(1);
      expect(take(records, 2).map(({ value }) => value)).toEqual(['v1', 'v2']);
      expect(records.nextOffset).toBe(3);
      expect(await read(3, 5)).toEqual(['v3', 'v4']);
    });

    test('a record larger than maxBytes comes whole', async () => {
      const big = 'x'.repeat(900_000);
      await log.append({ key: 'k', value: big }, { key: 'k', value: 'after' });
      const { records } = await readTo(log.reader, { from: 0, to: 2, maxBytes: 1_000 });
      expect(records.map(({ value }) => value === big || value)).toEqual([true, 'after']);
    });

    test('maxBytes ends a fetch; the next one goes on', async () => {
      for (let n = 0; n < 6; n += 1) await log.append(...numbered(n, n + 1));
      const first = await fetch(0, { maxBytes: 200 });
      expect(take(first.records).length).toBeLessThan(6);
      const { records } = await readTo(log.reader, { from: 0, to: 6, maxBytes: 200 });
      expect(records.map(({ value }) => value)).toEqual(['v0', 'v1', 'v2', 'v3', 'v4', 'v5']);
    });
  });

  describe('what a record shows', () => {
    test('offset, time, key and value', async () => {
      await log.append(
        { key: 'a', value: 'one', timestampMs: 5_000 },
        { key: 'b', value: 'two', timestampMs: 4_000 },
      );
      const { records } = await fetch(0);
      expect(take(records)).toEqual([
        { offset: 0, timestampMs: 5_000, key: 'a', value: 'one' },
        { offset: 1, timestampMs: 4_000, key: 'b', value: 'two' },
      ]);
    });

    test('a null key, a null value (tombstone) and empty ones are told apart', async () => {
      await log.append({ key: null, value: 'v' }, { key: 'k', value: null }, { key: '', value: '' });
      const { records } = await fetch(0);
      expect(records.next()).toBe(true);
      expect(records.key()).toBeNull();
      expect(records.next()).toBe(true);
      expect([records.value(), records.valueStart]).toEqual([null, -1]);
      expect(records.next()).toBe(true);
      expect([records.key(), records.value()]).toEqual([Buffer.alloc(0), Buffer.alloc(0)]);
      expect(records.valueEnd).toBe(records.valueStart);
    });

    test('bytes as they are, and where they lie', async () => {
      const bytes = Buffer.from([0x61, 0xff, 0x00, 0xc3, 0xa9]);
      await log.append({ key: bytes, value: bytes });
      const { records } = await fetch(0);
      expect(records.next()).toBe(true);
      expect([records.key(), records.value()]).toEqual([bytes, bytes]);
      expect(records.valueIn.subarray(records.valueStart, records.valueEnd)).toEqual(bytes);
    });

    test('headers are passed over', async () => {
      await log.append({ key: 'k', value: 'v', headers: [['trace', 'abc']] }, { key: 'k', value: 'w' });
      expect(await read(0, 2)).toEqual(['v', 'w']);
    });
  });

  describe('at the end of the log', () => {
    test('an empty topic gives an empty result when the wait is over', async () => {
      const before = log.nowMs();
      const fetching = fetch(0, { maxWaitMs: 50 });
      await log.pass(50);
      const fetched = await fetching;
      expect(fetched.records.next()).toBe(false);
      expect([fetched.records.nextOffset, fetched.startOffset, fetched.endOffset]).toEqual([0, 0, 0]);
      expect(fetched.requestedAtMs).toBeGreaterThanOrEqual(before);
      expect(fetched.requestedAtMs).toBeLessThanOrEqual(log.nowMs() - 50);
    });

    test('a record that arrives ends the wait', async () => {
      await log.append(...numbered(0, 1));
      const fetching = fetch(1, { maxWaitMs: 20_000 });
      await log.append(...numbered(1, 2));
      const { records, endOffset } = await fetching;
      expect(take(records).map(({ value }) => value)).toEqual(['v1']);
      expect([records.nextOffset, endOffset]).toEqual([2, 2]);
    });

    test('the end itself is in range, one more is not', async () => {
      await log.append(...numbered(0, 2));
      const fetching = fetch(2, { maxWaitMs: 10 });
      await log.pass(10);
      expect((await fetching).records.next()).toBe(false);
      await expect(fetch(3)).rejects.toMatchObject({ wantedOffset: 3, startOffset: 0, endOffset: 2 });
    });
  });

  describe('what retention has removed', () => {
    test('is OffsetOutOfRange with wanted, oldest and end offset; the oldest itself is read', async () => {
      await log.append(...numbered(0, 5));
      await log.deleteBefore(3);
      const error: unknown = await fetch(2).catch((error: unknown) => error);
      expect(error).toBeInstanceOf(OffsetOutOfRange);
      expect(error).toMatchObject({
        topic: log.topic,
        partition: 0,
        wantedOffset: 2,
        startOffset: 3,
        endOffset: 5,
        message: `offset 2 of ${log.topic}/0 is not in the log, which holds 3 (oldest) to 5 (end)`,
      });
      expect(await read(3, 5)).toEqual(['v3', 'v4']);
    });
  });

  describe('transactions', () => {
    test('a committed one is read; its control record is passed over', async () => {
      const transaction = await log.begin(...values('a', 'b'));
      await transaction.end('commit');
      const { records, nextOffset } = await readTo(log.reader, { from: 0, to: 3 });
      expect(records.map(({ offset, value }) => [offset, value])).toEqual([
        [0, 'a'],
        [1, 'b'],
      ]);
      expect(nextOffset).toBe(3);
    });

    test('an aborted one is not read, what others wrote meanwhile is', async () => {
      await log.append(...values('before'));
      const transaction = await log.begin(...values('a', 'b'));
      await log.append(...values('meanwhile'));
      await transaction.end('abort');
      await log.append(...values('after'));
      const { records, nextOffset } = await readTo(log.reader, { from: 0, to: 6 });
      expect(records.map(({ offset, value }) => [offset, value])).toEqual([
        [0, 'before'],
        [3, 'meanwhile'],
        [5, 'after'],
      ]);
      expect(nextOffset).toBe(6);
    });

    test('an aborted one is not read from its middle either', async () => {
      const transaction = await log.begin(...values('a', 'b'));
      await transaction.end('abort');
      await log.append(...values('after'));
      expect(await read(1, 4)).toEqual(['after']);
      expect(await read(2, 4)).toEqual(['after']);
    });

    test('nextOffset passes an aborted transaction although no record is left', async () => {
      const transaction = await log.begin(...values('a', 'b'));
      await transaction.end('abort');
      expect(await readTo(log.reader, { from: 0, to: 3 })).toEqual({ records: [], nextOffset: 3 });
    });

    test('an open one holds the end back, for everybody', async () => {
      await log.append(...values('before'));
      const transaction = await log.begin(...values('a'));
      await log.append(...values('meanwhile'));
      const fetched = await fetch(0);
      expect(take(fetched.records).map(({ value }) => value)).toEqual(['before']);
      expect([fetched.records.nextOffset, fetched.endOffset]).toEqual([1, 1]);
      const waiting = fetch(1, { maxWaitMs: 20 });
      await log.pass(20);
      expect((await waiting).records.next()).toBe(false);
      await transaction.end('commit');
      expect(await read(1, 4)).toEqual(['a', 'meanwhile']);
    });
  });

  describe('closing', () => {
    test('ends a fetch that waits', async () => {
      const fetching = fetch(0, { maxWaitMs: 20_000 });
      await log.reader.close();
      await expect(fetching).rejects.toThrow(KafkaUnavailable);
    });

    test('nothing can be fetched afterwards; closing again does nothing', async () => {
      await log.reader.close();
      await log.reader.close();
      await expect(fetch(0)).rejects.toThrow(KafkaUnavailable);
    });
  });
}
