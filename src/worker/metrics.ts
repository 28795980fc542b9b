/**
 * Metrics of what activities tell. The SDK's meter takes 5 µs a call: so counts and gauges are kept here and handed to it every two
 * seconds, and only histograms go there at once.
 *
 * The SDK never forgets a gauge. One whose partition another worker has taken over would stand still for ever: it becomes NaN, which
 * `max` passes over.
 */
import { performance } from 'node:perf_hooks';
import type { MetricCounter, MetricGauge, MetricMeter, MetricTags } from '@temporalio/common';
import type { CommitMade, Fetch, Seen, Watch, WatchedPartition } from '../activities/watch.js';
import type { Instant } from '../domain/instant.js';
import { METRICS, type CounterName, type GaugeName, type HistogramName } from './metricDefinitions.js';

const FLUSH_EVERY_MS = 2000;
/** A partition that nobody has seen for so long is another worker's. */
const GONE_AFTER_MS = 60_000;

export interface Metrics {
  watch: Watch;
  /** Hands over what was counted. */
  flush(): void;
  /** Hands over for the last time. */
  close(): void;
}

export function createMetrics(
  meter: MetricMeter,
  { taskQueue, now = Date.now }: { taskQueue: string; now?: () => number },
): Metrics {
  const instruments = createInstruments(meter);
  const partitions = new Map<string, PartitionMetrics>();
  let busy = performance.eventLoopUtilization();

  function flush(): void {
    const at = now();
    for (const [key, partition] of partitions) {
      if (partition.flush(at)) partitions.delete(key);
    }
    const { rss, heapUsed } = process.memoryUsage();
    const before = busy;
    busy = performance.eventLoopUtilization();
    instruments.gauge('weir_worker_info', { task_queue: taskQueue }).set(1);
    instruments.gauge('process_resident_memory_bytes', {}).set(rss);
    instruments.gauge('nodejs_heap_size_used_bytes', {}).set(heapUsed);
    instruments
      .gauge('nodejs_eventloop_utilization', {})
      .set(performance.eventLoopUtilization(busy, before).utilization);
  }

  flush();
  const timer = setInterval(flush, FLUSH_EVERY_MS);
  timer.unref();
  return {
    flush,
    watch(partition, seen) {
      // A new epoch goes on with the series of the one before.
      const key = `${partition.job}/${partition.stage}/${partition.partition}`;
      let metrics = partitions.get(key);
      if (metrics === undefined)
        partitions.set(key, (metrics = new PartitionMetrics(partition, instruments)));
      metrics.take(seen, now());
    },
    close() {
      clearInterval(timer);
      flush();
    },
  };
}

class PartitionMetrics {
  readonly #instruments: Instruments;
  readonly #tags: MetricTags;
  readonly #ofJob: MetricTags;
  /** What is to be added to counters; `more` is null where it is added. */
  readonly #counted = new Map<string, { name: CounterName; tags: MetricTags; more: number | null }>();
  readonly #gauges = new Map<GaugeName, { gauge: MetricGauge; value: number; shown: number | null }>();
  #held = 0;
  #seenAt = 0;
  #fetch: Fetch | null = null;
  /** The last record that was read and not committed: Kafka's time of it, and the offset where reading goes on behind it. */
  #newest: { time: Instant; next: number } | null = null;
  #duplicates: number | null = null;

  constructor({ job, pipeline, topic, stage, partition }: WatchedPartition, instruments: Instruments) {
    this.#instruments = instruments;
    this.#ofJob = { job_name: job, pipeline, stage };
    this.#tags = { ...this.#ofJob, topic, partition };
    // From 0 on: else the first one is no increase.
    for (const name of COUNTED_FROM_0) this.#count(name, 0);
  }

  take(seen: Seen, at: number): void {
    this.#seenAt = at;
    switch (seen.what) {
      case 'held':
        this.#held++;
        return;
      case 'released':
        this.#held--;
        return;
      case 'fetched':
        return this.#fetched(seen);
      case 'read':
        this.#count(seen.silent ? 'weir_records_reread_total' : 'weir_records_read_total', seen.records);
        this.#count('weir_offsets_skipped_total', seen.skipped);
        if (seen.records > 0) this.#record('weir_batch_records', seen.records);
        return;
      case 'not read':
        return this.#count('weir_reads_failed_total', 1);
      case 'standing':
        return this.#set('weir_committed_offset', seen.offset);
      case 'committed':
        return this.#committed(seen, at);
      case 'not committed':
        return this.#count(seen.fenced ? 'weir_commits_fenced_total' : 'weir_commits_failed_total', 1);
    }
  }

  /** True where the partition is gone, and its gauges with it. */
  flush(at: number): boolean {
    const gone = this.#held === 0 && at - this.#seenAt > GONE_AFTER_MS;
    if (this.#fetch !== null) this.#set('weir_lag_seconds', lagSeconds(this.#fetch, at));
    for (const counted of this.#counted.values()) {
      if (counted.more === null) continue;
      this.#instruments.counter(counted.name).add(counted.more, counted.tags);
      counted.more = null;
    }
    for (const each of this.#gauges.values()) {
      const value = gone ? NaN : each.value;
      if (Object.is(value, each.shown)) continue;
      each.gauge.set(value);
      each.shown = value;
    }
    return gone;
  }

  #fetched(fetch: Fetch): void {
    this.#fetch = fetch;
    const { next, endOffset, watermark } = fetch;
    const time = timeOf(fetch);
    if (time !== null) this.#newest = { time, next };
    this.#set('weir_read_offset', next);
    this.#set('weir_end_offset', endOffset);
    this.#set('weir_lag_records', Math.max(0, endOffset - next));
    this.#setWatermark(watermark);
  }

  #committed(commit: CommitMade, at: number): void {
    const { offset, watermark, rows, reasons, duplicates, isFirst, state, tookMs } = commit;
    this.#count('weir_commits_total', 1);
    this.#count('weir_rows_written_total', rows);
    for (const reason of reasons) {
      if (reason === 'late') this.#count('weir_records_late_total', 1);
      else this.#count('weir_records_rejected_total', 1, kindOf(reason));
    }
    const before = isFirst ? 0 : (this.#duplicates ?? duplicates);
    this.#count('weir_records_duplicate_total', Math.max(0, duplicates - before));
    this.#duplicates = duplicates;
    this.#set('weir_committed_offset', offset);
    this.#setWatermark(watermark);
    if (state !== null) {
      this.#set('weir_state_open', state.open);
      this.#set('weir_state_bytes', state.bytes);
    }
    this.#record('weir_commit_duration_seconds', tookMs / 1000);
    // Where the commit is further, another worker has read the last records.
    if (this.#newest?.next === offset)
      this.#record('weir_latency_seconds', Math.max(0, at - this.#newest.time) / 1000);
    this.#newest = null;
  }

  #setWatermark(watermark: number | null): void {
    // Gauges of the SDK are not below 0.
    if (watermark !== null) this.#set('weir_watermark_timestamp_seconds', Math.max(0, watermark / 1000));
  }

  #count(name: CounterName, more: number, reason?: string): void {
    const key = reason === undefined ? name : `${name}/${reason}`;
    const counted = this.#counted.get(key);
    if (counted === undefined) {
      const tags = reason === undefined ? this.#tags : { ...this.#tags, reason };
      this.#counted.set(key, { name, tags, more });
    } else if (more > 0) counted.more = (counted.more ?? 0) + more;
  }

  #set(name: GaugeName, value: number): void {
    const known = this.#gauges.get(name);
    if (known !== undefined) known.value = value;
    else this.#gauges.set(name, { gauge: this.#instruments.gauge(name, this.#tags), value, shown: null });
  }

  #record(name: HistogramName, value: number): void {
    this.#instruments.record(name, value, this.#ofJob);
  }
}

const COUNTED_FROM_0 = (Object.keys(METRICS) as (keyof typeof METRICS)[]).filter(
  (name): name is CounterName => METRICS[name].type === 'counter' && name !== 'weir_records_rejected_total',
);

/** A rejected record's reason without the name of the field. */
function kindOf(reason: string): string {
  const end = reason.indexOf(':');
  return end < 0 ? reason : reason.slice(0, end);
}

function lagSeconds(fetch: Fetch, at: number): number {
  const time = timeOf(fetch);
  return fetch.next >= fetch.endOffset || time === null ? 0 : Math.max(0, at - time) / 1000;
}

/** A record's time may be -1: none. */
function timeOf({ recordTime }: Fetch): Instant | null {
  return recordTime === null || recordTime < 0 ? null : recordTime;
}

interface Instruments {
  counter(name: CounterName): MetricCounter;
  gauge(name: GaugeName, tags: MetricTags): MetricGauge;
  record(name: HistogramName, value: number, tags: MetricTags): void;
}

function createInstruments(meter: MetricMeter): Instruments {
  const once = <T>(make: (name: string) => T): ((name: string) => T) => {
    const made = new Map<string, T>();
    return (name) => {
      if (!made.has(name)) made.set(name, make(name));
      return made.get(name)!;
    };
  };
  const helpOf = (name: string): string => METRICS[name as keyof typeof METRICS].help;
  // The exporter adds `_total` to what counts.
  const counter = once((name) => meter.createCounter(name.replace(/_total$/, ''), '', helpOf(name)));
  const gauge = once((name) => meter.createGauge(name, 'float', '', helpOf(name)));
  const histogram = once((name) => meter.createHistogram(name, 'float', '', helpOf(name)));
  return {
    counter,
    gauge: (name, tags) => gauge(name).withTags(tags),
    record: (name, value, tags) => histogram(name).record(value, tags),
  };
}
