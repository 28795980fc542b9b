import { describe, expect, test } from 'vitest';
import { BadJobInput, parseJobInput } from '../../src/pipelines/jobInput.js';

function problems(input: unknown): string[] {
  try {
    parseJobInput(input, 'default_topic');
    return [];
  } catch (error) {
    if (error instanceof BadJobInput) return error.problems;
    throw error;
  }
}

describe('a job that is right', () => {
  test('has defaults for everything but the pipeline', () => {
    expect(parseJobInput({ pipeline: 'hits' }, 'default_topic')).toEqual({
      pipeline: 'hits',
      topic: 'default_topic',
      sizeMs: 300_000,
      slideMs: 300_000,
      offsetMs: 0,
      delayMs: 60_000,
      futureGuardMs: 300_000,
      idle: 'on',
      idleAfterMs: 30_000,
      onDataLoss: 'fail',
      maxRejected: 0.1,
      maxBatchEvents: 100_000,
      maxBatchBytes: 256_000,
      lingerMs: expect.any(Number),
    });
  });

  test('slides by its size unless it says otherwise', () => {
    expect(parseJobInput({ pipeline: 'hits', size: '10s' }, 't')).toMatchObject({
      sizeMs: 10_000,
      slideMs: 10_000,
    });
    const sliding = { pipeline: 'hits', size: '10s', slide: '1s', offset: '-100ms', topic: 'own' };
    expect(parseJobInput(sliding, 't')).toMatchObject({ slideMs: 1000, offsetMs: -100, topic: 'own' });
  });

  test('may have holes between its windows', () => {
    expect(problems({ pipeline: 'hits', size: '1s', slide: '1h' })).toEqual([]);
  });
});

describe('every problem is named at once', () => {
  test('with the field it is about', () => {
    const wrong = {
      pipeline: 'visits',
      size: '5',
      slide: '0ms',
      delay: '-1s',
      idle: true,
      maxBatchEvents: 0,
      colour: 'red',
    };
    const found = problems(wrong);
    for (const field of ['pipeline', 'size', 'slide', 'delay', 'idle', 'maxBatchEvents']) {
      expect(found.filter((problem) => problem.startsWith(`${field}: `))).toHaveLength(1);
    }
    expect(found.find((problem) => problem.includes('colour'))).toBeDefined();
    expect(found).toHaveLength(7);
  });

  test('in the message, one a line', () => {
    expect(() => parseJobInput({ pipeline: 'hits', size: '5', delay: 7 }, 't')).toThrow(
      [
        "The job's input is not right:",
        '  - size: expected a duration such as "5m", "30s", "250ms" or "1h"',
        '  - delay: expected a duration such as "5m", "30s", "250ms" or "1h"',
      ].join('\n'),
    );
  });

  test.each([[undefined], [null], ['hits'], [[]], [5]])('an input that is no object: %j', (input) => {
    expect(problems(input)).toHaveLength(1);
  });
});

describe('boundaries', () => {
  test.each<[string, Record<string, unknown>, boolean]>([
    ['size', { size: '1ms' }, true],
    ['size', { size: '0ms' }, false],
    ['slide', { slide: '0s' }, false],
    ['delay', { delay: '0ms' }, true],
    ['delay', { delay: '-1ms' }, false],
    ['offset', { offset: '-1h' }, true],
    ['idleAfter', { idleAfter: '1ms' }, true],
    ['idleAfter', { idleAfter: '0ms' }, false],
    ['futureGuard', { futureGuard: '0ms' }, true],
    ['linger', { linger: '0ms' }, true],
    ['maxBatchEvents', { maxBatchEvents: 1 }, true],
    ['maxBatchEvents', { maxBatchEvents: 100_001 }, false],
    ['maxBatchEvents', { maxBatchEvents: 1.5 }, false],
    ['maxBatchBytes', { maxBatchBytes: 1000 }, true],
    ['maxBatchBytes', { maxBatchBytes: 999 }, false],
    ['topic', { topic: '' }, false],
    ['topic', { topic: 'x'.repeat(249) }, true],
    ['topic', { topic: 'x'.repeat(250) }, false],
    ['idle', { idle: 'off' }, true],
    ['idle', { idle: 'OFF' }, false],
    ['onDataLoss', { onDataLoss: 'skip' }, true],
    ['onDataLoss', { onDataLoss: 'ignore' }, false],
    ['slide', { size: '1000s', slide: '1s' }, true],
    ['slide', { size: '1001s', slide: '1s' }, false],
  ])('%s of %j: %s', (field, input, right) => {
    const found = problems({ pipeline: 'hits', ...input });
    expect(found.map((problem) => problem.split(':')[0])).toEqual(right ? [] : [field]);
  });
});
