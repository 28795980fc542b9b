import { describe, expect, it } from 'vitest';
import type { WatchedPartition } from '../../src/activities/watch.js';
import { createLogger, createWorkLog } from '../../src/worker/logger.js';

type Level = Parameters<typeof createLogger>[0]['level'];

function logger(format: 'text' | 'json', level: Level = 'INFO') {
  const lines: string[] = [];
  return { lines, log: createLogger({ format, level }, (line) => lines.push(line)) };
}

const partition: WatchedPartition = {
  job: 'hits',
  pipeline: 'hits',
  topic: 't',
  stage: 1,
  partition: 3,
};
const FROM_SDK = {
  workflowId: 'hits/3',
  taskQueue: 'weir',
  taskToken: 'x',
  activityType: 'poll',
  attempt: 2,
};

describe('the log as JSON', () => {
  it('has a line for each entry: time, level, message, and what else is known', () => {
    const { lines, log } = logger('json');
    log.warn('one\ntwo', { ...FROM_SDK, error: new Error('no', { cause: new TypeError('why') }), big: 5n });
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toContain('\n');
    expect(JSON.parse(lines[0]!)).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      level: 'warn',
      message: 'one\ntwo',
      job: 'hits',
      stage: 1,
      partition: 3,
      ...FROM_SDK,
      error: 'Error: no: TypeError: why',
      big: 5,
    });
  });

  it.each([
    ['hits/3', { job: 'hits', stage: 1, partition: 3 }],
    ['a b/target-0', { job: 'a b', stage: 2, partition: 0 }],
    ['hits', { job: 'hits' }],
    ['weir/locate', {}],
    [undefined, {}],
  ])('knows job and partition by the id of the workflow %s', (workflowId, expected) => {
    const { lines, log } = logger('json');
    log.info('m', { workflowId });
    const {
      time: _,
      level: _1,
      message: _2,
      workflowId: _3,
      ...rest
    } = JSON.parse(lines[0]!) as object & {
      [field: string]: unknown;
    };
    expect(rest).toEqual(expected);
  });

  it('says the offsets of batches and commits, at debug', () => {
    const { lines, log } = logger('json', 'DEBUG');
    const watch = createWorkLog(log);
    watch(partition, { what: 'read', from: 5, next: 9, records: 4, skipped: 0, silent: false });
    watch(partition, {
      what: 'committed',
      offset: 9,
      watermark: 0,
      rows: 2,
      reasons: ['late'],
      duplicates: 0,
      isFirst: false,
      state: null,
      tookMs: 1.4,
    });
    watch(partition, { what: 'not committed', fenced: true });
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { level: 'debug', message: 'batch read', ...partition, from: 5, next: 9, records: 4 },
      {
        message: 'committed',
        ...partition,
        offset: 9,
        watermark: '1970-01-01T00:00:00.000Z',
        rows: 2,
        rejects: 1,
      },
      { message: 'not committed', ...partition, fenced: true },
    ]);
  });
});

describe('the log as text', () => {
  it('has a line for each entry, without what only the SDK wants to know', () => {
    const { lines, log } = logger('text');
    log.warn('slow', { ...FROM_SDK, error: new Error('a\nb') });
    expect(lines).toEqual([
      expect.stringMatching(
        /^\S+Z \[WARN\] slow workflowId=hits\/3 activityType=poll attempt=2 error=Error: a b$/,
      ),
    ]);
  });
});

it('the log has nothing below its level', () => {
  const { lines, log } = logger('text', 'WARN');
  log.info('no');
  log.warn('yes');
  expect(lines).toHaveLength(1);
});
