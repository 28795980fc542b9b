/** Stage two's poll over a log in memory. */
import { describe, expect, it } from 'vitest';
import { withFailures } from '../../src/activities/failures.js';
import { pollTarget, type TargetPollInput } from '../../src/activities/pollTarget.js';
import { encodeMessage } from '../../src/activities/regroupMessage.js';
import type { MessageHead } from '../../src/domain/sources.js';
import { createMemoryLog } from '../support/memoryLog.js';
import { sessionsJob } from '../support/sessionsJob.js';

function poll(
  messages: readonly Partial<MessageHead>[],
  { leaveAfterMs, ...input }: Partial<TargetPollInput> & { leaveAfterMs?: number },
) {
  const log = createMemoryLog({ waits: 'skip' });
  const leaving = new AbortController();
  if (leaveAfterMs === 0) leaving.abort();
  else if (leaveAfterMs !== undefined) log.schedule(log.nowMs + leaveAfterMs, () => leaving.abort());
  for (const each of messages) {
    const head = { source: 4, number: 1, part: 0, parts: 1, from: 0, to: 0, watermark: null, ...each };
    log.append({ value: encodeMessage({ ...head, content: null }) });
  }
  const where = { topic: 'weir.visits.0', target: 2, offset: 0, until: null };
  const how = { job: sessionsJob(), sources: [], silent: false, stayMs: 0 };
  const context = {
    reader: log.reader(),
    now: () => log.nowMs,
    sleep: async (ms: number) => log.advance(ms),
    leaving: leaving.signal,
  };
  return withFailures(() => pollTarget({ ...how, ...where, ...input }, context));
}

describe('a target', () => {
  it('takes messages whose offsets follow each other', async () => {
    const messages = [
      { number: 6, from: 70, to: 80, watermark: 20 },
      { number: 9, from: 80, to: 95, watermark: 30 },
    ];
    const { partial, next } = await poll(messages, { sources: [[4, 5, 0, 10, 70]] });
    expect([next, partial.sources]).toEqual([2, [[4, 9, 0, 30, 95]]]);
  });

  it('does not say that it is caught up where its worker stops before it has looked', async () => {
    const { next, endOffset, caughtUp } = await poll([{}], { leaveAfterMs: 0 });
    expect([next, endOffset, caughtUp]).toEqual([0, null, null]);
  });

  it('returns with what it has when its worker stops', async () => {
    const messages = [{ number: 6, from: 70, to: 80, watermark: 20 }];
    const how = { sources: [[4, 5, 0, 10, 70]], stayMs: 600_000, leaveAfterMs: 30 } as const;
    const { partial, next } = await poll(messages, { ...how, sources: [[4, 5, 0, 10, 70]] });
    expect([next, partial.sources]).toEqual([1, [[4, 6, 0, 20, 80]]]);
  });

  it('stops for good where one is missing: names the source, both messages, and where it read', async () => {
    const messages = [
      { number: 6, from: 70, to: 80 },
      { number: 9, from: 85, to: 95 },
    ];
    await expect(poll(messages, { sources: [[4, 5, 0, 10, 70]] })).rejects.toMatchObject({
      type: 'UnreadableLog',
      nonRetryable: true,
      message:
        'weir.visits.0/2 cannot be read at offset 1: messages of source 4 do not follow each other: ' +
        'after message 6 (part 0), offset 80 was to come; found message 9 (part 0 of 1), offsets 85 to 95',
    });
  });

  it('reads from the middle on in a rebuild', async () => {
    const messages = [
      { number: 2, from: 20, to: 30 },
      { number: 6, from: 70, to: 80 },
    ];
    const { partial } = await poll(messages, { sources: [[4, 0, -1, null]], silent: true, until: 2 });
    expect(partial.sources).toEqual([[4, 6, 0, null, null]]);
  });
});
