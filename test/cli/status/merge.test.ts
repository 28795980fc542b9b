import { describe, expect, it } from 'vitest';
import type { Answer, Described } from '../../../src/cli/status/live.js';
import { statusOfPartition, type Known } from '../../../src/cli/status/merge.js';
import { NO_PROGRESS } from '../../../src/domain/commit.js';

const NOW = Date.UTC(2026, 0, 1);
const RUNNING: Described = { status: 'running', error: null };
const ERROR = { activity: 'poll', server: 'Kafka', message: 'away', attempts: 2, since: NOW } as const;

const answer = (overrides: Partial<Answer> = {}): Answer => ({
  phase: 'running',
  epoch: 0,
  offset: 12,
  endOffset: 12,
  watermark: NOW - 1000,
  openUntil: NOW + 1000,
  open: 3,
  stateBytes: 200,
  readPerSecond: 5,
  rowsPerSecond: 0.5,
  ratesUntil: NOW,
  read: 12,
  accepted: 9,
  duplicate: 0,
  late: 1,
  rejected: 2,
  skipped: 0,
  ...overrides,
});

const status = (known: Partial<Known> = {}) =>
  statusOfPartition(
    {
      stage: 1,
      partition: 0,
      progress: { ...NO_PROGRESS, stage: 1, partition: 0, offset: 10 },
      described: RUNNING,
      answer: answer(),
      isOfOtherEpoch: false,
      endOffset: 12,
      ...known,
    },
    NOW,
  );

describe('lag', () => {
  it('is none where all is read, if not committed, and then there is none in time either', () => {
    expect(status()).toMatchObject({ offset: 10, readOffset: 12, lag: 0, lagMs: 0 });
  });

  it('is one record where one is left; its age is not known yet', () => {
    expect(status({ endOffset: 13 })).toMatchObject({ lag: 1, lagMs: null });
  });

  it('is none where the end was looked up before the last batch was read', () => {
    expect(status({ endOffset: 11 })).toMatchObject({ lag: 0, lagMs: 0 });
  });

  it('goes by what is committed where no workflow answers, or where it knows less', () => {
    expect(status({ answer: null })).toMatchObject({ readOffset: 10, lag: 2 });
    expect(status({ answer: answer({ offset: 9 }) })).toMatchObject({ readOffset: 10, lag: 2 });
  });

  it('is not known without Kafka, nor without anybody who knows the offset', () => {
    expect(status({ endOffset: null })).toMatchObject({ lag: null, lagMs: null });
    expect(status({ progress: null, answer: null })).toMatchObject({ offset: null, lag: null, lagMs: null });
  });
});

describe('rates', () => {
  it('are those of the minute before the last batch', () => {
    expect(status()).toMatchObject({ readPerSecond: 5, rowsPerSecond: 0.5 });
  });

  it('count where that is a minute ago exactly, and are 0 one millisecond later', () => {
    expect(status({ answer: answer({ ratesUntil: NOW - 60_000 }) })).toMatchObject({ readPerSecond: 5 });
    const atRest = status({ answer: answer({ ratesUntil: NOW - 60_001 }) });
    expect(atRest).toMatchObject({ readPerSecond: 0, rowsPerSecond: 0 });
    expect(status({ answer: answer({ ratesUntil: null }) })).toMatchObject({ readPerSecond: 0 });
  });

  it('are not known without a worker, nor of a build that does not tell', () => {
    const unknown = { readPerSecond: null, rowsPerSecond: null };
    expect(status({ answer: null })).toMatchObject(unknown);
    expect(status({ answer: answer(unknown) })).toMatchObject(unknown);
  });
});

describe('the state', () => {
  const paused = { ...NO_PROGRESS, stage: 1, partition: 0, paused: 'somebody paused it' } as const;
  const rewriting = {
    ...paused,
    paused: null,
    rewrite: { until: NOW, writeAfter: 0, untilOffset: 10 },
  } as unknown as Known['progress'];

  it.each<[string, Partial<Known>, string | null]>([
    ['what the workflow says', { answer: answer({ phase: 'draining' }) }, 'draining'],
    ['that an activity is tried again', { described: { ...RUNNING, error: ERROR } }, 'retrying'],
    ['that nobody works, where no workflow answers', { answer: null }, 'no worker'],
    ['that it has not heard of a replay', { answer: null, isOfOtherEpoch: true }, 'taking over'],
    ['the pause that is committed, where no workflow answers', { answer: null, progress: paused }, 'paused'],
    ['that its workflow has completed', { described: { ...RUNNING, status: 'completed' } }, 'drained'],
    ['how else its workflow ended', { described: { ...RUNNING, status: 'terminated' } }, 'terminated'],
    ['a replay, where Temporal is away', { answer: null, described: null, progress: rewriting }, 'replaying'],
    ['nothing, where Temporal is away', { answer: null, described: null }, null],
  ])('is %s', (_, known, state) => {
    expect(status(known).state).toBe(state);
  });

  it('comes with the error, its server and its attempts', () => {
    expect(status({ described: { ...RUNNING, error: ERROR } }).error).toEqual(ERROR);
  });
});

it('without the database it is what the workflow says, of a target only its duplicates', () => {
  const target = answer({
    read: null,
    accepted: null,
    late: null,
    rejected: null,
    skipped: null,
    duplicate: 4,
  });
  expect(status({ progress: null })).toMatchObject({
    offset: null,
    counters: { read: 12, late: 1, rejected: 2 },
  });
  expect(status({ progress: null, stage: 2, answer: target }).counters).toMatchObject({
    duplicate: 4,
    read: 0,
  });
});
