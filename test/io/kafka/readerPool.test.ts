import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { LogReader } from '../../../src/io/kafka/logReader.js';
import { createReaderPool, type ReaderPool } from '../../../src/io/kafka/readerPool.js';

describe('the pool of readers', () => {
  let opened: { log: string; reader: LogReader; close: ReturnType<typeof vi.fn> }[];
  let pool: ReaderPool;
  beforeEach(() => {
    vi.useFakeTimers();
    opened = [];
    const open = (topic: string, partition: number) => {
      const close = vi.fn(() => Promise.resolve());
      const reader = { fetch: () => Promise.reject(new Error('not in this test')), close };
      opened.push({ log: `${topic}/${partition}`, reader, close });
      return reader;
    };
    pool = createReaderPool(open, { idleMs: 60_000 });
  });
  afterEach(() => vi.useRealTimers());

  test('a released reader is used again for its partition, and only for it', () => {
    const reader = pool.acquire('t', 0);
    pool.release(reader);
    expect(pool.acquire('t', 1)).not.toBe(reader);
    expect(pool.acquire('u', 0)).not.toBe(reader);
    expect(pool.acquire('t', 0)).toBe(reader);
    expect(opened.map(({ log }) => log)).toEqual(['t/0', 't/1', 'u/0']);
  });

  test('a reader of a topic with one id is not used for another id, nor for none', () => {
    const reader = pool.acquire('t', 0, 'id');
    pool.release(reader);
    expect(pool.acquire('t', 0, 'other')).not.toBe(reader);
    expect(pool.acquire('t', 0)).not.toBe(reader);
    expect(pool.acquire('t', 0, 'id')).toBe(reader);
  });

  test('one that is in use is not handed out: another is opened, and one of the two is kept', () => {
    const first = pool.acquire('t', 0);
    const second = pool.acquire('t', 0);
    expect(second).not.toBe(first);
    pool.release(second);
    pool.release(first);
    expect(opened[0]!.close).toHaveBeenCalledOnce();
    expect(pool.acquire('t', 0)).toBe(second);
  });

  test('a discarded reader is closed and not used again', () => {
    const reader = pool.acquire('t', 0);
    pool.discard(reader);
    expect(opened[0]!.close).toHaveBeenCalledOnce();
    expect(pool.acquire('t', 0)).not.toBe(reader);
  });

  test('giving back a reader twice does nothing', () => {
    const reader = pool.acquire('t', 0);
    pool.release(reader);
    pool.release(reader);
    pool.discard(reader);
    expect(opened[0]!.close).not.toHaveBeenCalled();
    expect(pool.acquire('t', 0)).toBe(reader);
  });

  test('an idle reader is closed after idleMs exactly, and never handed out then', () => {
    const reader = pool.acquire('t', 0);
    pool.release(reader);
    vi.advanceTimersByTime(59_999);
    expect(opened[0]!.close).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(opened[0]!.close).toHaveBeenCalledOnce();
    expect(pool.acquire('t', 0)).not.toBe(reader);
  });

  test('use starts the idle time anew', () => {
    pool.release(pool.acquire('t', 0));
    vi.advanceTimersByTime(59_999);
    const reader = pool.acquire('t', 0);
    vi.advanceTimersByTime(120_000);
    expect(opened[0]!.close).not.toHaveBeenCalled();
    pool.release(reader);
    vi.advanceTimersByTime(59_999);
    expect(opened[0]!.close).not.toHaveBeenCalled();
  });

  test('closing closes idle readers and those in use; what comes back later is left alone', async () => {
    pool.release(pool.acquire('t', 0));
    const inUse = pool.acquire('t', 1);
    await pool.close();
    expect(opened.map(({ close }) => close.mock.calls.length)).toEqual([1, 1]);
    pool.release(inUse);
    pool.discard(inUse);
    expect(opened.map(({ close }) => close.mock.calls.length)).toEqual([1, 1]);
    expect(vi.getTimerCount()).toBe(0);
    expect(() => pool.acquire('t', 0)).toThrow('the reader pool is closed');
  });
});
