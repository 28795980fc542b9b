import { describe, expect, it } from 'vitest';
import { planTraffic, type TrafficTexts } from '../../../src/cli/generate/trafficOptions.js';
import { OptionReader, type UsageError } from '../../../src/cli/options.js';

const NOW_MS = Date.UTC(2026, 5, 1);

function plan(texts: TrafficTexts) {
  const read = new OptionReader();
  const planned = planTraffic(texts, read, NOW_MS);
  read.finish();
  return planned;
}

function problems(texts: TrafficTexts): readonly string[] {
  try {
    plan(texts);
  } catch (error) {
    return (error as UsageError).problems;
  }
  return [];
}

describe('event time', () => {
  it.each<[string, TrafficTexts, { startMs: number; perSecond: number }]>([
    ['ends now at 50 a second', { events: '1000' }, { startMs: NOW_MS - 20_000, perSecond: 50 }],
    [
      'ends now at the event rate',
      { events: '1000', eventRate: '10' },
      { startMs: NOW_MS - 100_000, perSecond: 10 },
    ],
    ['begins at the start', { events: '10', start: '5m ago' }, { startMs: NOW_MS - 300_000, perSecond: 50 }],
    ['goes at the pace from a start', { rate: '7/s', start: 'now' }, { startMs: NOW_MS, perSecond: 7 }],
    [
      'goes at the event rate, not the pace',
      { rate: '7', eventRate: '9' },
      { startMs: NOW_MS, perSecond: 9 },
    ],
  ])('%s', (_, texts, time) => {
    expect(plan(texts).traffic.time).toEqual(time);
  });

  it('is the clock with a pace alone', () => {
    expect(plan({ rate: '7' }).traffic.time).toHaveProperty('now');
    expect(plan({ rate: '7', events: '10' }).traffic.time).toHaveProperty('now');
  });
});

it('has no end without a number of events', () => {
  expect(plan({ rate: '7' })).toMatchObject({ ratePerSecond: 7, traffic: { events: Infinity } });
});

it('needs a number of events or a pace', () => {
  expect(problems({})).toEqual([expect.stringContaining('--events')]);
});

it('takes shares up to 1 together, no more', () => {
  expect(problems({ events: '1', late: '0.5', malformed: '0.25', duplicates: '0.25' })).toEqual([]);
  expect(problems({ events: '1', late: '0.5', malformed: '0.25', duplicates: '0.26' })).toHaveLength(1);
});

it('takes 1 to 1000 hosts', () => {
  expect(['1', '1000'].flatMap((hosts) => problems({ events: '1', hosts }))).toEqual([]);
  expect(['0', '1001'].flatMap((hosts) => problems({ events: '1', hosts }))).toHaveLength(2);
});

it('names every mistake at once', () => {
  const wrong = {
    events: 'x',
    rate: '0',
    start: 'soon',
    disorder: '-1s',
    late: '2',
    key: 'user',
    recordTime: 'now',
  };
  expect(problems(wrong).map((problem) => problem.split(' ')[0])).toEqual([
    '--events',
    '--rate',
    '--start',
    '--late',
    '--disorder',
    '--key',
    '--record-time',
  ]);
});
