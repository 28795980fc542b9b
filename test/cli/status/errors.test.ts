import type { Client } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { errorIn } from '../../../src/cli/status/errors.js';

const NOW = Date.UTC(2026, 0, 1);
const SCHEDULED = 1;
const STARTED = 2;

const time = (agoMs: number) => ({
  seconds: Math.floor((NOW - agoMs) / 1000),
  nanos: ((NOW - agoMs) % 1000) * 1e6,
});

/** A Temporal whose history ends with `events`. */
const clientWith = (...events: object[]): Client =>
  ({
    options: { namespace: 'default' },
    workflowService: { getWorkflowExecutionHistoryReverse: () => Promise.resolve({ history: { events } }) },
  }) as unknown as Client;

const errorOf = (description: object, ...events: object[]) =>
  errorIn(clientWith(...events), { workflowId: 'hits/0', runId: 'r' }, description);

const poll = (overrides: object = {}) => ({
  pendingActivities: [
    {
      activityId: '7',
      activityType: { name: 'poll' },
      state: SCHEDULED,
      attempt: 5,
      lastFailure: { message: 'broker a:1\n is away', applicationFailureInfo: { type: 'KafkaUnavailable' } },
      ...overrides,
    },
  ],
});
const scheduled = (agoMs: number, activityId = '7') => ({
  eventTime: time(agoMs),
  activityTaskScheduledEventAttributes: { activityId },
});

beforeEach(() => vi.useFakeTimers({ now: NOW }));
afterEach(() => vi.useRealTimers());

describe('an activity', () => {
  it('that is tried again says what it waits for, how often it was tried and since when', async () => {
    expect(await errorOf(poll(), scheduled(1500, '9'), scheduled(65_250))).toEqual({
      activity: 'poll',
      server: 'Kafka',
      message: 'broker a:1 is away',
      attempts: 4,
      since: NOW - 65_250,
    });
  });

  it.each([
    ['Postgres', { applicationFailureInfo: { type: 'PostgresUnavailable' } }],
    ['worker', { timeoutFailureInfo: {} }],
    [null, { applicationFailureInfo: { type: 'TypeError' } }],
  ])('waits for %s', async (server, failure) => {
    const error = await errorOf(poll({ lastFailure: { message: 'why', ...failure } }));
    expect(error).toMatchObject({ server, message: 'why', since: null });
  });

  it('that has not failed, or whose attempt has lasted for more than 30 s, has no error', async () => {
    const startedAgo = (ms: number) => poll({ state: STARTED, lastStartedTime: time(ms) });
    expect(await errorOf(poll({ lastFailure: null, attempt: 1 }))).toBeNull();
    expect(await errorOf(startedAgo(30_000))).toMatchObject({ server: 'Kafka' });
    expect(await errorOf(startedAgo(30_001))).toBeNull();
    expect(await errorOf({})).toBeNull();
  });
});

describe("a workflow's task", () => {
  const task = (attempt: number) => ({ pendingWorkflowTask: { attempt } });

  it('counts when it has failed three times: one or two are those of a worker that died', async () => {
    expect(await errorOf(task(3))).toBeNull();
    expect(await errorOf(task(4))).toMatchObject({ activity: 'workflow task', server: null, attempts: 3 });
  });

  it('says why, and since when', async () => {
    const failed = {
      eventTime: time(2000),
      workflowTaskFailedEventAttributes: { failure: { message: 'nondeterminism' } },
    };
    expect(await errorOf(task(9), scheduled(1), failed)).toMatchObject({
      message: 'nondeterminism',
      since: NOW - 2000,
    });
    const timedOut = { eventTime: time(3000), workflowTaskTimedOutEventAttributes: {} };
    expect(await errorOf(task(9), timedOut)).toMatchObject({
      message: 'it does not end in time',
      since: NOW - 3000,
    });
  });
});
