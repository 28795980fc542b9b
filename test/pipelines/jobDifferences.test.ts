import { describe, expect, test } from 'vitest';
import type { HitsJob } from '../../src/pipelines/job.js';
import { refusal, withTargets } from '../../src/pipelines/jobDifferences.js';
import { testJob } from '../support/job.js';
import { sessionsJob } from '../support/sessionsJob.js';

const stored = testJob();
const refused = (wanted: Partial<HitsJob>) => refusal('visits', stored, { ...stored, ...wanted });

describe('a later start of a job', () => {
  test('as it was, is admitted', () => expect(refused({})).toBeNull());

  test('with other batch limits and idle settings, is admitted', () => {
    const tuning: Partial<HitsJob> = {
      idle: 'off',
      idleAfterMs: 1,
      onDataLoss: 'skip',
      maxBatchEvents: 1,
      maxBatchBytes: 1,
      lingerMs: 1,
    };
    expect(refused(tuning)).toBeNull();
  });

  test('with another window size, is refused with a sentence', () => {
    expect(refused({ sizeMs: 60_000 })).toBe(
      'Job visits exists and is not started, because it would be another job: size was 5m, not 1m. ' +
        'Start it under another workflow id, or as it was.',
    );
  });

  test('with another delay, is refused and names replay', () => {
    expect(refused({ delayMs: 90_000 })).toBe(
      'Job visits exists and is not started, because what is late would change: delay was 1m, not 90s. ' +
        'That takes a replay of the job; or start it as it was.',
    );
  });

  test('is refused with every difference', () => {
    expect(refused({ topic: 'other', slideMs: 1500, offsetMs: -100, futureGuardMs: 0, delayMs: 0 })).toBe(
      'Job visits exists and is not started, because it would be another job: topic was events, not other, ' +
        'slide was 5m, not 1500ms, offset was 0ms, not -100ms. Start it under another workflow id, or as it was. ' +
        'And what is late would change: delay was 1m, not 0ms, futureGuard was 5m, not 0ms. ' +
        'That takes a replay of the job; or start it as it was.',
    );
  });

  test.each([
    [null, 4, true],
    [8, 4, true],
    [null, null, true],
    [4, null, true],
    [null, 8, false],
  ])('of 4 targets, stored with parallelism %s, with %s, is admitted: %s', (before, now, admitted) => {
    const was = sessionsJob({ parallelism: before });
    const sentence = refusal('visits', withTargets(was, 4), { ...was, parallelism: now });
    if (admitted) expect(sentence).toBeNull();
    else expect(sentence).toContain(`parallelism was 4, not ${now}`);
  });
});
