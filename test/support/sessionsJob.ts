import type { SessionsJob } from '../../src/pipelines/job.js';

/** A sessions job with the defaults that people get, apart from what a test is about. */
export function sessionsJob(overrides: Partial<SessionsJob> = {}): SessionsJob {
  return {
    pipeline: 'sessions',
    topic: 'events',
    gapMs: 300_000,
    time: 'event_time',
    partitionedBy: null,
    parallelism: null,
    delayMs: 30_000,
    futureGuardMs: 300_000,
    idle: 'on',
    idleAfterMs: 30_000,
    onDataLoss: 'fail',
    maxBatchEvents: 25_000,
    maxBatchBytes: 256_000,
    lingerMs: 250,
    ...overrides,
  };
}
