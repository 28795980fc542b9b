/** What goes in and out of a partition's state: batches from polls, commits to the sink, progress from claims. All of it plain JSON. */
import { NO_RECORDS, type Counters } from './accounting.js';
import type { Instant } from './instant.js';
import type { CaughtUp } from './quietClock.js';
import type { Replaced, Rewrite } from './rewrite.js';
import type { Pending, SourceStanding } from './sources.js';

/** The wall clock moved the watermark to `[1]` before the record at offset `[0]`; remembered, since nothing else would tell. */
export type Advance = [offset: number, watermark: Instant];

/** A record that was rejected or late, with what is needed to look at it and to replay it. */
export interface Reject {
  offset: number;
  reason: string;
  timestampMs: number | null;
  /** Base64 of the raw bytes, or null. A very long value may be cut; */
  key: string | null;
  value: string | null;
  /** this is its length, in bytes. */
  valueBytes: number | null;
}

/** What a poll brings: aggregates of the records in [from, next), never the records. */
export interface Batch<Partial> {
  from: number;
  next: number;
  /** Where the wall clock had moved the watermark to before the first record; null where it did not. */
  advance: Instant | null;
  watermark: Instant | null;
  /** null while there is more to read at once. */
  caughtUp: CaughtUp | null;
  counters: Counters;
  partial: Partial;
  rejects: Reject[];
}

/** One commit: expects number `expects` in `weir.progress` and leaves `expects + 1`. Counters are whole values, never increments. */
export interface Commit<Rows> {
  expects: number;
  offset: number;
  watermark: Instant | null;
  rebuildFrom: number;
  counters: Counters;
  advances: Advance[];
  /** Since when the partition is caught up: others see by it whether it is quiet. */
  caughtUpSince: Instant | null;
  /** The latest end of anything that is open or was. */
  endsUntil: Instant | null;
  /** Of a target of a regrouping: what was taken from each source. */
  sources?: SourceStanding[] | null;
  /** The longest span of any of the rows; left out by older builds. */
  longestMs?: number;
  /** In a replay: what goes of older epochs. */
  replaced?: Replaced | null;
  rows: Rows;
  rejects: Reject[];
}

/** What a claim finds in `weir.progress`. */
export type Progress = Omit<
  Commit<never>,
  'expects' | 'caughtUpSince' | 'longestMs' | 'replaced' | 'rows' | 'rejects'
> & {
  number: number;
  /** Of a source of a regrouping: what it is about to publish. */
  pending?: Pending | null;
  /** Of an epoch that a replay began. */
  rewrite?: Rewrite | null;
  /** Why the partition does not read on, for people; null: it does. */
  paused?: string | null;
};

/** A partition of which nothing has been read, whose log begins at offset 0. */
export const NO_PROGRESS: Readonly<Progress> = {
  number: 0,
  offset: 0,
  watermark: null,
  rebuildFrom: 0,
  counters: NO_RECORDS,
  advances: [],
  endsUntil: null,
};

/** Until when a committed partition holds something open; null where it holds nothing. */
export function openUntil({
  endsUntil,
  watermark,
}: Pick<Progress, 'endsUntil' | 'watermark'>): Instant | null {
  return endsUntil !== null && (watermark === null || endsUntil > watermark) ? endsUntil : null;
}

/** The state as plain JSON: the input of the next run. */
export interface Carried<Partial> extends Omit<Progress, 'pending' | 'sources' | 'rewrite' | 'paused'> {
  caughtUp: CaughtUp | null;
  open: Partial;
  written: Written;
  /** Set in the middle of a silent read of what was committed up to `number`. Older builds leave it out. */
  silent?: SilentRead | null;
}

export interface SilentRead {
  /** Offsets that could not be found any more so far. */
  lost: number;
}

/** What the last commit told the world. */
export interface Written {
  at: Instant;
  offset: number;
  watermark: Instant | null;
  /** null: not known. */
  caughtUp: boolean | null;
}
