import { describe, expect, it } from 'vitest';
import { internalTopic } from '../../../src/io/kafka/internalTopic.js';

describe('the internal topic of a job', () => {
  it('is named by job and epoch', () => expect(internalTopic('sessions-30m', 2)).toBe('weir.sessions-30m.2'));

  it.each([['a b'], ['ä'], ['a:b'], ['x'.repeat(900)]])(
    'has a name that Kafka takes, whatever the job is called',
    (job) => {
      expect(internalTopic(job, 0)).toMatch(/^[\w.-]{1,249}$/);
    },
  );

  it('is another one for every job', () => {
    const jobs = ['a b', 'a_b', 'a:b', 'x'.repeat(900), 'x'.repeat(899), 'x'.repeat(200)];
    expect(new Set(jobs.map((job) => internalTopic(job, 0))).size).toBe(jobs.length);
  });
});
