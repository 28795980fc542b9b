/** The input of a job of clicks. */
import { describe, expect, test } from 'vitest';
import { refusal } from '../../../src/pipelines/jobDifferences.js';
import { BadJobInput, parseJobInput } from '../../../src/pipelines/jobInput.js';
import { whyGrowthIsRefused } from '../../../src/pipelines/keysTogether.js';
import { clicksJob } from '../../support/clicksJob.js';

function problems(input: object): string[] {
  try {
    parseJobInput({ pipeline: 'clicks', ...input }, null);
    return [];
  } catch (error) {
    if (error instanceof BadJobInput) return error.problems.map((problem) => problem.split(':')[0]!);
    throw error;
  }
}

describe('a job of clicks', () => {
  test('has defaults for everything', () => {
    expect(parseJobInput({ pipeline: 'clicks' }, null)).toMatchObject({
      pipeline: 'clicks',
      topic: 'clickstream',
      sizeMs: 300_000,
      gapMs: 300_000,
      dedupeWithinMs: 60_000,
      delayMs: 60_000,
      partitionedBy: null,
    });
  });

  test.each<[string, object, boolean]>([
    ['size', { size: '1ms' }, true],
    ['size', { size: '0ms' }, false],
    ['gap', { gap: '1ms' }, true],
    ['gap', { gap: '0ms' }, false],
    ['dedupeWithin', { dedupeWithin: '0' }, true],
    ['dedupeWithin', { dedupeWithin: 0 }, true],
    ['dedupeWithin', { dedupeWithin: '0ms' }, true],
    ['dedupeWithin', { dedupeWithin: '1' }, false],
    ['dedupeWithin', { dedupeWithin: '-1ms' }, false],
    ['partitionedBy', { partitionedBy: 'key' }, true],
    ['partitionedBy', { partitionedBy: 'user' }, false],
  ])('%s: %j is right: %s', (field, input, right) => expect(problems(input)).toEqual(right ? [] : [field]));

  test('turns duplicates off with 0', () => {
    expect(clicksJob({ dedupeWithin: '0' }).dedupeWithinMs).toBe(0);
  });

  test('has no slide and no time of its own', () => {
    expect(problems({ slide: '5m', time: 'record' })).toEqual(['Unrecognized keys']);
  });

  test('is another one with another size, and needs a replay for another gap or dedupeWithin', () => {
    const stored = clicksJob();
    expect(refusal('clicks', stored, clicksJob({ size: '1m' }))).toContain(
      'another job: size was 5m, not 1m',
    );
    const rules = clicksJob({ gap: '1m', dedupeWithin: '0' });
    expect(refusal('clicks', stored, rules)).toContain('gap was 5m, not 1m, dedupeWithin was 1m, not 0ms');
    expect(refusal('clicks', stored, clicksJob({ linger: '2s' }))).toBeNull();
  });

  test('takes several partitions only where clicks of a user are together', () => {
    expect(whyGrowthIsRefused(clicksJob(), 1)).toBeNull();
    expect(whyGrowthIsRefused(clicksJob(), 2)).toContain('clickstream has 2 partitions, and had one');
    expect(whyGrowthIsRefused(clicksJob({ partitionedBy: 'key' }), 2)).toBeNull();
  });
});
