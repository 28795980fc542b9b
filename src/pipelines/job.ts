/** A job: which pipeline, over which topic, by which rules. Plain JSON, in `weir.job` and in the input of every workflow. */
import type { SessionTime } from './sessions/event.js';

/** What decides what is late: only a replay may change it. */
interface JobRules {
  delayMs: number;
  futureGuardMs: number;
}

/** What changes no result: a new start may change it, running partitions take it over. */
interface JobTuning {
  /** Whether a quiet partition's watermark goes on with the wall clock (docs/semantics.md, the quiet clock). */
  idle: 'on' | 'off';
  idleAfterMs: number;
  onDataLoss: 'fail' | 'skip';
  /** A partition pauses where a larger share of its last 10,000 records was rejected; 1: never. Jobs of older builds have none. */
  maxRejected?: number;
  /** A batch ends at this many records, */
  maxBatchEvents: number;
  /** or about this many bytes of aggregates or of rejected records, */
  maxBatchBytes: number;
  /** or this long after its first record, where the end of the log was reached. */
  lingerMs: number;
}

interface AnyJob extends JobRules, JobTuning {
  topic: string;
}

/** Hits per window, host and referrer. */
export interface HitsJob extends AnyJob {
  pipeline: 'hits';
  sizeMs: number;
  slideMs: number;
  offsetMs: number;
}

/** Sessions of visitors. */
export interface SessionsJob extends AnyJob {
  pipeline: 'sessions';
  gapMs: number;
  time: SessionTime;
  /** `key`: all records of a visitor are in one partition; null: nothing is known, so records of several are regrouped. */
  partitionedBy: 'key' | null;
  /** How many targets records are regrouped to, where they are; null: as many as there are partitions, up to 16. */
  parallelism: number | null;
}

/** Clicks, unique users and time spent per bucket, URL and country. */
export interface ClicksJob extends AnyJob {
  pipeline: 'clicks';
  /** Length of a bucket. */
  sizeMs: number;
  /** The most that one click may last: the next one of the user after that begins another visit. */
  gapMs: number;
  /** 0: copies of an event all count. */
  dedupeWithinMs: number;
  /** `key`: all clicks of a user, and all copies of an event, are in one partition; null: as for sessions. */
  partitionedBy: 'key' | null;
  /** As for sessions. */
  parallelism: number | null;
}

export type Job = HitsJob | SessionsJob | ClicksJob;
export type Pipeline = Job['pipeline'];
/** Those that need records of a key together. */
export type RegroupingJob = SessionsJob | ClicksJob;
