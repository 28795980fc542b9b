import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { take } from '../../support/kafkaRead.js';
import { createMemoryLog } from '../../support/memoryLog.js';

const poll = { offset: 0, maxWaitMs: 1_000, maxBytes: 1 << 20 };

describe('the clock of the log in memory', () => {
  test('skip: a long poll moves the clock by its wait', async () => {
    const log = createMemoryLog({ nowMs: 5_000, waits: 'skip' });
    const fetched = await log.reader().fetch(poll);
    expect([fetched.requestedAtMs, log.nowMs, fetched.records.next()]).toEqual([5_000, 6_000, false]);
  });

  test('skip: what is scheduled within the wait ends it, at its time', async () => {
    const log = createMemoryLog({ waits: 'skip' });
    log.schedule(1_000, () => log.append({ value: 'exact' }));
    log.schedule(1_700, () => log.append({ value: 'later' }));
    const reader = log.reader();
    const first = await reader.fetch(poll);
    expect(take(first.records)).toEqual([{ offset: 0, timestampMs: 1_000, key: null, value: 'exact' }]);
    expect(log.nowMs).toBe(1_000);
    expect(take((await reader.fetch({ ...poll, offset: 1 })).records)).toMatchObject([
      { timestampMs: 1_700 },
    ]);
    expect(log.nowMs).toBe(1_700);
  });

  test('skip: what is scheduled after the wait stays for later', async () => {
    const log = createMemoryLog({ waits: 'skip' });
    log.schedule(1_001, () => log.append({ value: 'later' }));
    expect((await log.reader().fetch(poll)).records.next()).toBe(false);
    log.advance(1);
    expect(log.endOffset).toBe(1);
  });

  test('park: a fetch waits until the clock reaches the end of its wait', async () => {
    const log = createMemoryLog();
    let answered = false;
    const fetching = log
      .reader()
      .fetch(poll)
      .then(() => (answered = true));
    await log.untilWaiting();
    log.advance(999);
    await Promise.resolve();
    expect(answered).toBe(false);
    log.advance(1);
    await fetching;
  });

  test('a fetch fails as it was told to, once', async () => {
    const log = createMemoryLog();
    log.append({ value: 'v' });
    log.failNext(new Error('told'));
    const reader = log.reader();
    await expect(reader.fetch(poll)).rejects.toThrow('told');
    expect(take((await reader.fetch(poll)).records)).toHaveLength(1);
  });
});

describe('any log, read in any pieces', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('append' as const), count: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ kind: fc.constant('gap' as const), count: fc.integer({ min: 1, max: 4 }) }),
    fc.record({
      kind: fc.constantFrom('commit' as const, 'abort' as const),
      count: fc.integer({ min: 1, max: 3 }),
    }),
  );

  test('gives every record that is to be read once, in order, and reaches the end', async () => {
    const property = fc.asyncProperty(
      fc.array(step, { maxLength: 20 }),
      fc.infiniteStream(
        fc.record({ taken: fc.integer({ min: 1, max: 6 }), maxBytes: fc.integer({ min: 1, max: 400 }) }),
      ),
      async (steps, pieces) => {
        const log = createMemoryLog();
        const expected: number[] = [];
        let next = 0;
        for (const { kind, count } of steps) {
          const records = Array.from({ length: count }, (_, index) => ({ value: `${next + index}` }));
          if (kind === 'gap') log.appendGap(count);
          else if (kind === 'append') log.append(...records);
          else log.begin(...records).end(kind);
          if (kind === 'append' || kind === 'commit')
            expected.push(...records.map(({ value }) => Number(value)));
          next += count + (kind === 'commit' || kind === 'abort' ? 1 : 0);
        }
        const reader = log.reader();
        const read: number[] = [];
        let offset = 0;
        while (offset < log.endOffset) {
          const { taken, maxBytes } = pieces.next().value;
          const { records } = await reader.fetch({ offset, maxWaitMs: 0, maxBytes });
          for (const record of take(records, taken)) {
            expect(record.value).toBe(String(record.offset));
            read.push(record.offset);
          }
          expect(records.nextOffset).toBeGreaterThan(offset);
          offset = records.nextOffset;
        }
        expect(read).toEqual(expected);
        expect(offset).toBe(next);
      },
    );
    await fc.assert(property, { numRuns: 300 });
  });
});
