/** What the SDK's meter is told: of partitions that come, go and begin anew. That it serves it: test/e2e/metrics.it.test.ts. */
import type { MetricMeter, MetricTags } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import type { CommitMade, Fetch, Seen, WatchedPartition } from '../../src/activities/watch.js';
import { createMetrics } from '../../src/worker/metrics.js';

const START = Date.UTC(2026, 0, 1);

/** A meter that adds up. */
function meterBook() {
  const values = new Map<string, number>();
  const calls = { count: 0 };
  const key = (name: string, tags: MetricTags = {}) =>
    [name, ...['partition', 'reason'].flatMap((tag) => (tag in tags ? [String(tags[tag])] : []))].join(' ');
  const instrument = (
    name: string,
    change: (before: number, value: number) => number,
    own: MetricTags = {},
  ) => {
    const put = (value: number, tags: MetricTags = own): void => {
      calls.count++;
      values.set(key(name, tags), change(values.get(key(name, tags)) ?? 0, value));
    };
    return {
      add: put,
      set: put,
      record: put,
      withTags: (tags: MetricTags): unknown => instrument(name, change, tags),
    };
  };
  const meter = {
    createCounter: (name: string) => instrument(name, (before, more) => before + more),
    createGauge: (name: string) => instrument(name, (_, value) => value),
    createHistogram: (name: string) => instrument(name, (_, value) => value),
  } as unknown as MetricMeter;
  return { meter, values, calls };
}

function world() {
  const { meter, values, calls } = meterBook();
  const state = { now: START };
  const metrics = createMetrics(meter, { taskQueue: 'weir', now: () => state.now });
  const see = (seen: Seen, of: Partial<WatchedPartition> = {}) =>
    metrics.watch({ job: 'a', pipeline: 'clicks', topic: 't', stage: 1, partition: 0, ...of }, seen);
  const value = (name: string) => {
    metrics.flush();
    return values.get(name);
  };
  return { metrics, see, value, state, calls };
}

const fetched = (fetch: Partial<Fetch> = {}): Seen => ({
  what: 'fetched',
  next: 10,
  endOffset: 10,
  watermark: START,
  recordTime: START,
  ...fetch,
});
const committed = (commit: Partial<CommitMade> = {}): Seen => ({
  what: 'committed',
  offset: 10,
  watermark: START,
  rows: 0,
  reasons: [],
  duplicates: 0,
  isFirst: false,
  state: null,
  tookMs: 1,
  ...commit,
});

describe('lag in seconds', () => {
  it('is the age of the last record read while there is more, and grows by itself', () => {
    const { see, value, state } = world();
    see(fetched({ endOffset: 11 }));
    state.now += 5000;
    expect(value('weir_lag_seconds 0')).toBe(5);
    state.now += 5000;
    expect(value('weir_lag_seconds 0')).toBe(10);
    expect(value('weir_lag_records 0')).toBe(1);
  });

  it('is 0 at the end, and never below', () => {
    const { see, value, state } = world();
    see(fetched());
    state.now += 5000;
    expect(value('weir_lag_seconds 0')).toBe(0);
    see(fetched({ endOffset: 11, recordTime: state.now + 1 }));
    expect(value('weir_lag_seconds 0')).toBe(0);
    see(fetched({ endOffset: 11, recordTime: -1 })); // no time
    expect(value('weir_lag_seconds 0')).toBe(0);
  });
});

describe('gauges of a partition', () => {
  it('become NaN once it is another worker’s, and are back with it', () => {
    const { see, value, state } = world();
    see({ what: 'held' });
    see(fetched());
    see({ what: 'released' });
    state.now += 60_000;
    expect(value('weir_read_offset 0')).toBe(10);
    state.now += 1;
    expect(value('weir_read_offset 0')).toBeNaN();
    see(fetched({ next: 12 }));
    expect(value('weir_read_offset 0')).toBe(12);
  });

  it('stay as long as a poll waits, however long', () => {
    const { see, value, state } = world();
    see({ what: 'held' });
    see(fetched());
    state.now += 600_000;
    expect(value('weir_read_offset 0')).toBe(10);
  });

  it('are not told again where nothing changed', () => {
    const { see, metrics, calls } = world();
    see(fetched());
    metrics.flush();
    const before = calls.count;
    metrics.flush();
    const ofTheProcess = 4;
    expect(calls.count).toBe(before + ofTheProcess);
  });

  it('are not below 0: a watermark before 1970 is 0', () => {
    const { see, value } = world();
    see(fetched({ watermark: -5000 }));
    expect(value('weir_watermark_timestamp_seconds 0')).toBe(0);
  });
});

describe('counters', () => {
  it('begin at 0, so that the first one is an increase', () => {
    const { see, value } = world();
    see({ what: 'held' });
    expect(value('weir_commits_fenced 0')).toBe(0);
    see({ what: 'not committed', fenced: true });
    expect(value('weir_commits_fenced 0')).toBe(1);
    expect(value('weir_commits_failed 0')).toBe(0);
  });

  it('tell rejected records apart by the kind of reason, late ones not among them', () => {
    const { see, value } = world();
    see(committed({ reasons: ['bad_field: host', 'late', 'bad_field: url', 'future'] }));
    expect(value('weir_records_rejected 0 bad_field')).toBe(2);
    expect(value('weir_records_rejected 0 future')).toBe(1);
    expect(value('weir_records_rejected 0 late')).toBeUndefined();
    expect(value('weir_records_late 0')).toBe(1);
  });

  it('count a duplicate once, though commits bring whole values: from the first commit of an epoch, or of this worker', () => {
    const { see, value } = world();
    see(committed({ duplicates: 100 })); // another worker has counted them
    expect(value('weir_records_duplicate 0')).toBe(0);
    see(committed({ duplicates: 103 }));
    expect(value('weir_records_duplicate 0')).toBe(3);
    see(committed({ duplicates: 2, isFirst: true })); // a new epoch
    expect(value('weir_records_duplicate 0')).toBe(5);
  });

  it('tell records that are read again to rebuild a state from new ones', () => {
    const { see, value } = world();
    const batch = { what: 'read', from: 0, next: 5, records: 5, skipped: 0 } as const;
    see({ ...batch, silent: true });
    expect(value('weir_records_reread 0')).toBe(5);
    expect(value('weir_records_read 0')).toBe(0);
  });
});

describe('latency', () => {
  it('is from the newest record of a commit until it is made', () => {
    const { see, value, state } = world();
    see(fetched({ recordTime: START }));
    state.now += 1500;
    see(committed());
    expect(value('weir_latency_seconds')).toBe(1.5);
  });

  it('is not measured for a commit that brings no record', () => {
    const { see, value, state } = world();
    see(fetched());
    see(committed());
    state.now += 60_000;
    see(fetched({ recordTime: null }));
    see(committed());
    expect(value('weir_latency_seconds')).toBe(0);
  });

  it('is not measured where another worker has read the last records', () => {
    const { see, value } = world();
    see(fetched({ next: 10 }));
    see(committed({ offset: 12 }));
    expect(value('weir_latency_seconds')).toBeUndefined();
  });
});
