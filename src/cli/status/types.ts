/** What `weir status --json` gives: instants in epoch milliseconds, null for what is not known or not there. */
import type { Counters } from '../../domain/accounting.js';
import type { Instant } from '../../domain/instant.js';
import type { Stage } from '../../domain/member.js';

export interface JobStatus {
  name: string;
  pipeline: string | null;
  topic: string | null;
  epoch: number | null;
  /** `running`, `paused`, `draining`, `replaying`, `starting`; of a workflow that does not run how it ended: `completed`, `terminated`…; `not running`: there is none. */
  state: string | null;
  /** Up to where results are final. */
  line: Instant | null;
  /** What the job says of itself. */
  trouble: string | null;
  error: ActivityError | null;
  partitions: PartitionStatus[];
}

export interface PartitionStatus {
  /** 2: a target of a regrouping. */
  stage: Stage;
  partition: number;
  /** `running`, `rebuilding`, `replaying`, `paused`, `draining`, `drained`, `retrying`, `taking over` (a replay has begun, and it has not heard of it yet), `no worker`, or how its workflow ended. */
  state: string | null;
  /** Committed. */
  offset: number | null;
  /** The one that is read next: at or after the committed one. */
  readOffset: number | null;
  endOffset: number | null;
  /** Offsets that are not read yet. */
  lag: number | null;
  /** The age, by Kafka's time, of the first record that is not read yet; 0 where all are. */
  lagMs: number | null;
  watermark: Instant | null;
  openUntil: Instant | null;
  open: number | null;
  stateBytes: number | null;
  readPerSecond: number | null;
  rowsPerSecond: number | null;
  /** Of a target only `duplicate` is anything: its source has counted the rest. */
  counters: Counters | null;
  /** Why it does not read on. */
  paused: string | null;
  error: ActivityError | null;
}

/** An activity that has failed and is tried again. */
export interface ActivityError {
  activity: string;
  /** The server that is waited for; null: it is something else that fails. */
  server: 'Kafka' | 'Postgres' | 'worker' | null;
  message: string;
  /** Attempts so far. */
  attempts: number;
  /** When it was to run first. */
  since: Instant | null;
}
