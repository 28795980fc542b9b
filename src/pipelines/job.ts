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

export type Job = HitsJob | SessionsJob;
export type Pipeline = Job['pipeline'];
