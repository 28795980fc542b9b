/** A job: which pipeline, over which topic, by which rules. Plain JSON, in `weir.job` and in the input of every workflow. */

/** What makes a job this job: a start with another value of any of these is refused, since its results would mean something else. */
export interface JobIdentity {
  pipeline: 'hits';
  topic: string;
  sizeMs: number;
  slideMs: number;
  offsetMs: number;
}

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

export type Job = JobIdentity & JobRules & JobTuning;
