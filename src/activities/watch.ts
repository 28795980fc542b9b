/**
 * What activities tell of their work, for those who look at it: metrics, the log, the consumer group (src/worker). Activities do, and
 * workflows do not: a replay would tell everything again. Looking neither waits nor fails.
 */
import type { Batch } from '../domain/commit.js';
import type { Stage } from '../domain/member.js';
import type { Instant } from '../domain/instant.js';
import type { Job, Pipeline } from '../pipelines/job.js';

/** Whose work it is. `topic` is the job's, also of stage 2, whose offsets are those of the internal topic. */
export interface WatchedPartition {
  job: string;
  pipeline: Pipeline;
  topic: string;
  stage: Stage;
  partition: number;
}

/** Where reading is, behind a fetch. */
export interface Fetch {
  /** Where reading goes on. */
  next: number;
  /** The end of what may be read. */
  endOffset: number;
  watermark: Instant | null;
  /** Kafka's time of the last record that this call has read; null where it has read none. */
  recordTime: Instant | null;
}

interface BatchRead {
  from: number;
  next: number;
  records: number;
  /** Offsets that retention had removed. */
  skipped: number;
  /** It was read before, and is read again to rebuild a state. */
  silent: boolean;
}

export interface CommitMade {
  offset: number;
  watermark: Instant | null;
  rows: number;
  /** Why records were rejected, one for each of them; `late` for those that came late. */
  reasons: readonly string[];
  /** Of the commit's counters, which are whole values: how many by now, and whether this is the epoch's first commit. */
  duplicates: number;
  isFirst: boolean;
  /** Of the workflow; null where it is not known, or where nothing is held open. */
  state: StateSize | null;
  tookMs: number;
}

/** How much a partition holds open. */
export interface StateSize {
  /** Groups in windows, sessions, or clicks that the watermark has not passed. */
  open: number;
  /** About the bytes of its JSON when this run of the workflow began. */
  bytes: number;
}

export type Seen =
  /** A worker keeps the partition from here on: it reads, or waits for records. */
  | { what: 'held' }
  | { what: 'released' }
  | ({ what: 'fetched' } & Fetch)
  | ({ what: 'read' } & BatchRead)
  /** It will be tried again. */
  | { what: 'not read' }
  /** What is committed is known, without a commit. */
  | { what: 'standing'; offset: number }
  | ({ what: 'committed' } & CommitMade)
  | { what: 'not committed'; fenced: boolean };

export type Watch = (partition: WatchedPartition, seen: Seen) => void;

/** One name for a partition's key and its job, as activities are called with them. */
export function watched(
  key: { job: string; stage?: Stage; partition: number },
  { pipeline, topic }: Pick<Job, 'pipeline' | 'topic'>,
): WatchedPartition {
  const { job, stage = 1, partition } = key;
  return { job, pipeline, topic, stage, partition };
}

/** What to tell of a batch; `records` where its counters do not say. */
export function batchRead(
  { from, next, counters }: Pick<Batch<never>, 'from' | 'next' | 'counters'>,
  silent: boolean,
  records = counters.read,
): Seen {
  return { what: 'read', from, next, records, skipped: counters.skipped, silent };
}
