import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type pg from 'pg';
import { createSourceReaders, type SourceReaders } from '../../src/activities/sourceReader.js';
import { KafkaUnavailable, OtherTopic } from '../../src/io/kafka/logReader.js';
import { createReaderPool } from '../../src/io/kafka/readerPool.js';

const from = { job: 'hits', topic: 't', partition: 0 };

describe('lending readers of the topic that a job reads', () => {
  let stored: string | null;
  let asked: number;
  let opened: (string | null)[];
  let sources: SourceReaders;
  beforeEach(() => {
    vi.useFakeTimers();
    [stored, asked, opened] = ['A', 0, []];
    const pool = {
      query: () => {
        asked++;
        return Promise.resolve({ rows: [{ topic_id: stored }] });
      },
    };
    const readers = createReaderPool(
      (_topic, _partition, topicId) => {
        opened.push(topicId);
        return { fetch: () => Promise.reject(new Error('not in this test')), close: () => Promise.resolve() };
      },
      { idleMs: 10_000_000 },
    );
    sources = createSourceReaders({ readers, pool: pool as unknown as pg.Pool });
  });
  afterEach(() => vi.useRealTimers());

  const use = () => sources.lend(from, () => Promise.resolve('done'));
  const findOther = () =>
    sources.lend(from, () => Promise.reject(new OtherTopic('t', { expected: 'A', found: 'B' })));

  it('asks the database once, and keeps the reader', async () => {
    expect([await use(), await use()]).toEqual(['done', 'done']);
    expect([asked, opened]).toEqual([1, ['A']]);
  });

  it('asks again after a minute where no id is stored, not before', async () => {
    stored = null;
    await use();
    stored = 'A';
    await vi.advanceTimersByTimeAsync(59_999);
    await use();
    expect([asked, opened]).toEqual([1, [null]]);
    await vi.advanceTimersByTimeAsync(2);
    await use();
    expect([asked, opened]).toEqual([2, [null, 'A']]);
  });

  it('another topic is final where the database still names the old one', async () => {
    await expect(findOther()).rejects.toThrow(OtherTopic);
    await expect(findOther()).rejects.toThrow(OtherTopic);
    expect(opened).toEqual(['A', 'A']);
  });

  it.each(['B', null])(
    'it is not where the database names %j by now: tried again, with that',
    async (now) => {
      await use();
      stored = now;
      await expect(findOther()).rejects.toThrow(KafkaUnavailable);
      expect(await use()).toBe('done');
      expect(opened).toEqual(['A', now]);
    },
  );
});
