/** Every metric of a worker's own, beside those of the Temporal SDK. docs/operations.md shows this as a table. */

interface MetricDefinition {
  type: 'counter' | 'gauge' | 'histogram';
  labels: readonly string[];
  help: string;
  /** Of a histogram: upper bounds. */
  buckets?: readonly number[];
}

/** Not `job`: that is the label which Prometheus gives to what it scrapes. */
export const PARTITION = ['job_name', 'pipeline', 'topic', 'stage', 'partition'] as const;
/** Histograms are many series each: they are not told apart by partition. */
export const JOB = ['job_name', 'pipeline', 'stage'] as const;

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export const METRICS = {
  weir_records_read_total: {
    type: 'counter',
    labels: PARTITION,
    help: 'Records read',
  },
  weir_records_reread_total: {
    type: 'counter',
    labels: PARTITION,
    help: 'Records read again to rebuild a state',
  },
  weir_records_late_total: {
    type: 'counter',
    labels: PARTITION,
    help: 'Records that came late, committed',
  },
  weir_records_rejected_total: {
    type: 'counter',
    labels: [...PARTITION, 'reason'],
    help: 'Records rejected, committed',
  },
  weir_records_duplicate_total: {
    type: 'counter',
    labels: PARTITION,
    help: 'Duplicates, committed',
  },
  weir_offsets_skipped_total: {
    type: 'counter',
    labels: PARTITION,
    help: 'Offsets that retention had removed and that were skipped',
  },
  weir_reads_failed_total: {
    type: 'counter',
    labels: PARTITION,
    help: 'Batches that could not be read, and are tried again',
  },
  weir_batch_records: {
    type: 'histogram',
    labels: JOB,
    help: 'Records of a batch',
    buckets: [1, 10, 100, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000],
  },
  weir_end_offset: {
    type: 'gauge',
    labels: PARTITION,
    help: 'End of what may be read',
  },
  weir_read_offset: {
    type: 'gauge',
    labels: PARTITION,
    help: 'Offset that is read next',
  },
  weir_committed_offset: {
    type: 'gauge',
    labels: PARTITION,
    help: 'Offset that is committed in Postgres',
  },
  weir_lag_records: {
    type: 'gauge',
    labels: PARTITION,
    help: 'Offsets from the one that is read next to the end',
  },
  weir_lag_seconds: {
    type: 'gauge',
    labels: PARTITION,
    help: 'Age of the last record read by its Kafka time while there is more to read, else 0',
  },
  weir_watermark_timestamp_seconds: {
    type: 'gauge',
    labels: PARTITION,
    help: 'Watermark',
  },
  weir_state_open: {
    type: 'gauge',
    labels: PARTITION,
    help: 'What is held open: groups in windows, sessions, or clicks',
  },
  weir_state_bytes: {
    type: 'gauge',
    labels: PARTITION,
    help: "State's JSON when the workflow's run began, about",
  },
  weir_commits_total: {
    type: 'counter',
    labels: PARTITION,
    help: 'Commits made',
  },
  weir_commits_fenced_total: {
    type: 'counter',
    labels: PARTITION,
    help: 'Commits refused, since another run owns the partition',
  },
  weir_commits_failed_total: {
    type: 'counter',
    labels: PARTITION,
    help: 'Commits that failed for another reason, and are tried again',
  },
  weir_rows_written_total: {
    type: 'counter',
    labels: PARTITION,
    help: 'Result rows written',
  },
  weir_commit_duration_seconds: {
    type: 'histogram',
    labels: JOB,
    help: 'Time that a commit took: the sink',
    buckets: SECONDS,
  },
  weir_latency_seconds: {
    type: 'histogram',
    labels: JOB,
    help: 'From the Kafka time of the newest record of a commit until the commit was made',
    buckets: [...SECONDS, 300, 3600],
  },
  weir_worker_info: {
    type: 'gauge',
    labels: ['task_queue'],
    help: '1 while the worker runs',
  },
  process_resident_memory_bytes: {
    type: 'gauge',
    labels: [],
    help: 'Memory of the process',
  },
  nodejs_heap_size_used_bytes: {
    type: 'gauge',
    labels: [],
    help: 'JavaScript heap in use',
  },
  nodejs_eventloop_utilization: {
    type: 'gauge',
    labels: [],
    help: 'Share of time that the JavaScript thread was busy: 1 is a full core',
  },
} as const satisfies Record<string, MetricDefinition>;

type Named<T extends MetricDefinition['type']> = {
  [Name in keyof typeof METRICS]: (typeof METRICS)[Name]['type'] extends T ? Name : never;
}[keyof typeof METRICS];

export type CounterName = Named<'counter'>;
export type GaugeName = Named<'gauge'>;
export type HistogramName = Named<'histogram'>;

/** What the SDK's exporter needs to know in advance. */
export const HISTOGRAM_BUCKETS: Record<string, number[]> = Object.fromEntries(
  Object.entries(METRICS as Record<string, MetricDefinition>).flatMap(([name, { buckets }]) =>
    buckets === undefined ? [] : [[name, [...buckets]]],
  ),
);
