/** What a run of a partition's workflow is asked to do, whatever its stage. */
import type { Counters } from '../domain/accounting.js';
import type { Instant } from '../domain/instant.js';
import type { Rates } from '../domain/recentRates.js';
import type { Rewrite } from '../domain/rewrite.js';
import type { PartitionResult, Reached } from './messages.js';
import type { PartitionInput } from './partitionInput.js';
import type { Wishes } from './wishes.js';

/** A run that is fenced as often in a row fails. */
export const FENCED_AT_MOST = 3;

export interface RunOptions {
  wishes: Wishes;
  /** When it continues as new at the latest. */
  deadline: Instant;
}

export interface Run {
  readonly input: PartitionInput;
  /** Claims the partition and goes on where the last commit left it (docs/semantics.md, claim). */
  takeOver(): Promise<void>;
  /** Reads a batch. */
  poll(): Promise<void>;
  commitIfDue(): Promise<void>;
  /** Commits what is not committed. */
  commitAll(): Promise<void>;
  /** Whether everything up to the end of a drain has been read. */
  readAll(): boolean;
  /** Why it does not read on; null where it does. */
  paused(): string | null;
  /** Why it must not go on by itself, after what it has read last; null where it may. */
  whyStop(): string | null;
  /** Whether it is time to continue as new. */
  over(): boolean;
  /** Commits what is not committed, and gives the next run its input. */
  nextInput(): Promise<PartitionInput>;
  standing(): Reached;
  /** End of input: closes and commits everything. */
  finish(end: Instant | null): Promise<PartitionResult>;
  /** For people; null before it has taken over. */
  shown(): Shown | null;
  /** About the bytes of its state as JSON; null where it has none, or is not known. It walks the state: only when somebody asks. */
  measuredBytes(): number | null;
}

export interface Shown {
  phase: Phase;
  /** Why it does not read on; null where it does. */
  paused: string | null;
  /** Until which watermark older epochs' results are still to be replaced; null where there is no replay. */
  replayUntil: Instant | null;
  offset: number;
  /** null: this run has not read yet, being paused perhaps. */
  endOffset: number | null;
  watermark: Instant | null;
  openUntil: Instant | null;
  /** Groups in windows, sessions or clicks that are held open; null where nothing ever is. */
  open: number | null;
  /** About, when this run began; null where it is not known. */
  stateBytes: number | null;
  rates: Rates;
  caughtUpSince: Instant | null;
  commits: number;
  counters: Counters;
}

export type Phase = 'running' | 'rebuilding' | 'replaying' | 'paused' | 'draining' | 'drained';

export function phaseOf(run: Pick<Run, 'input' | 'readAll' | 'paused'>, rewrite: Rewrite | null): Phase {
  if (run.input.drain !== null && run.readAll()) return 'drained';
  if (run.paused() !== null) return 'paused';
  if (run.input.drain !== null) return 'draining';
  return rewrite === null ? 'running' : 'replaying';
}

/** Share of rejected records that a job bears where it was started by a build that knew none. */
export const MAX_REJECTED = 0.1;
