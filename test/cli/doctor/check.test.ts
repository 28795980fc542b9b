import { describe, expect, it } from 'vitest';
import { finding, ok, problem, shownFindings, warning } from '../../../src/cli/doctor/check.js';

describe('a check', () => {
  it('that finds something has that', async () => {
    const found = [ok('x', 'fine')];
    expect(await finding('x', { look: () => Promise.resolve(found), todo: 'y' })).toBe(found);
  });

  it.each<[string, Error, string]>([
    ['its sentence', new Error('no\n  way'), 'no way'],
    ['what gRPC says of it', Object.assign(new Error('5 NOT_FOUND: gone'), { details: 'gone' }), 'gone'],
    ['all its reasons', new AggregateError([new Error('a'), new Error('b')]), 'a; b'],
  ])('that fails is a problem with %s', async (_, error, text) => {
    const found = await finding('x', { look: () => Promise.reject(error), todo: 'do this' });
    expect(found).toEqual([problem('x', text, 'do this')]);
  });

  it('that hears nothing is a problem, and not a hang', async () => {
    const found = await finding('x', {
      look: () => new Promise(() => undefined),
      todo: 'start it',
      patienceMs: 1,
    });
    expect(found).toEqual([problem('x', 'no answer within 0.001 s', 'start it')]);
  });
});

it('findings are one line each, with what to do', () => {
  expect(shownFindings([ok('a', 'b'), warning('c', 'd', 'e'), problem('f', 'g', 'h')])).toBe(
    ['ok       a: b', 'warning  c: d -> e', 'problem  f: g -> h'].join('\n'),
  );
});
