import type { HitsJob } from '../../src/pipelines/job.js';

/** A job with the defaults that people get, apart from what a test is about. */
export function testJob(overrides: Partial<HitsJob> = {}): HitsJob {
  return {
    pipeline: 'hits',
    topic: 'events',
    sizeMs: 300_000,
    slideMs: 300_000,
    offsetMs: 0,
    delayMs: 60_000,
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
