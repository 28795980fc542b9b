/** Everything around one poll: a log in memory, its clock, a job clock and rejected offsets that the test sets. */
import { createAgentReader } from '../../src/io/userAgent/readAgent.js';
import { poll, type PollInput, type PollResult } from '../../src/activities/poll.js';
import type { JobClock } from '../../src/domain/quietClock.js';
import type { HitsJob } from '../../src/pipelines/job.js';
import type { BatchRecord } from './kafkaBatch.js';
import { testJob } from './job.js';
import { createMemoryLog, type MemoryLog } from './memoryLog.js';

export const ALONE: JobClock = { awake: 0, smallestAwake: null, largest: null, endsUntil: null };

export interface PollWorld {
  log: MemoryLog;
  jobClock: JobClock;
  rejectedOffsets: Set<number>;
  /** When the job clock was read. */
  jobClockReads: number[];
  warnings: string[];
  /** Makes polls return with what they have. */
  leaving: AbortController;
  poll(input?: Partial<PollInput>): Promise<PollResult>;
}

/** Long polls and pauses take no time: they move the log's clock. */
export function pollWorld(overrides: Partial<HitsJob> = {}, nowMs = 1_000_000): PollWorld {
  const log = createMemoryLog({ nowMs, waits: 'skip' });
  const job = testJob({ delayMs: 0, ...overrides });
  const world: PollWorld = {
    log,
    jobClock: ALONE,
    rejectedOffsets: new Set(),
    jobClockReads: [],
    warnings: [],
    leaving: new AbortController(),
    poll: (input = {}) =>
      poll(
        {
          job,
          partition: 0,
          offset: 0,
          watermark: null,
          caughtUp: null,
          nextEnd: null,
          uncommitted: false,
          until: null,
          silent: false,
          stayMs: 600_000,
          ...input,
        },
        {
          reader: log.reader(),
          readAgent: createAgentReader(),
          now: () => log.nowMs,
          sleep: async (ms) => log.advance(ms),
          readJobClock: async (now) => {
            world.jobClockReads.push(now);
            return world.jobClock;
          },
          readLateBefore: () => Promise.resolve([]),
          readRejectedOffsets: async ({ from, until }) =>
            new Set([...world.rejectedOffsets].filter((offset) => offset >= from && offset < until)),
          warn: (message) => world.warnings.push(message),
          leaving: world.leaving.signal,
        },
      ),
  };
  return world;
}

/** A record of a hit at `timeMs` (event time). */
export function hit(timeMs: number, fields: { host?: string; referrer?: string } = {}): BatchRecord {
  const { host = 'a', referrer = null } = fields;
  return { value: JSON.stringify({ event_time: timeMs / 1000, host, referrer }) };
}
