/**
 * Stage one of a regrouping: reads a partition batch by batch, publishes each by key to the targets, and commits how far it is. Its state is
 * what `weir.progress` holds, so any worker can run any attempt, and one that is lost costs a batch.
 *
 *     read [offset, to) -> pending written down -> published -> committed, pending gone
 *
 * Whoever finds something pending reads exactly that again and publishes it again: targets drop what they have.
 */
import { addCounters, NO_RECORDS } from '../domain/accounting.js';
import type { Batch, Commit, Progress } from '../domain/commit.js';
import { latest, type Instant } from '../domain/instant.js';
import type { CaughtUp } from '../domain/quietClock.js';
import type { Pending } from '../domain/sources.js';
import type { SessionsJob } from '../pipelines/job.js';
import type { Scattered } from '../pipelines/sessions/scatter.js';
import type { PollInput, PollResult } from './poll.js';
import type { RegroupMessage } from './regroupMessage.js';

export interface RelayInput {
  job: SessionsJob;
  partition: number;
  targets: number;
  /** Offset to stop at: the end of a drain. */
  until: number | null;
  caughtUp: CaughtUp | null;
  /** It returns after this long, or, when anything moved, after a part of it. */
  stayMs: number;
}

export interface RelayResult {
  progress: Progress;
  caughtUp: CaughtUp | null;
  endOffset: number;
}

/** What it needs of the world: real in the worker, made up in tests. */
export interface RelayContext {
  now(): Instant;
  /** Whether nobody waits for this attempt any more. */
  cancelled(): boolean;
  readSource(): Promise<Progress>;
  fixPending(number: number, pending: Pending): Promise<boolean>;
  joinLine(number: number): Promise<void>;
  poll(input: PollInput): Promise<PollResult<Scattered>>;
  publish(messages: { target: number; message: RegroupMessage }[]): Promise<void>;
  commit(commit: Commit<null>): Promise<void>;
}

/** People see in the UI how far it is: so it does not stay longer when it moves. */
const MOVING_MS = 20_000;
/** A batch costs next to nothing here: it need not wait long for more. */
const LINGER_MS = 250;
const IN_EVENT_TIME_MS = 1000;

export async function relay(input: RelayInput, context: RelayContext): Promise<RelayResult> {
  const began = context.now();
  let progress = await context.readSource();
  let { caughtUp } = input;
  let endOffset = 0;
  let moved = false;
  const standing = (): RelayResult => ({ progress, caughtUp, endOffset });
  const left = (): number =>
    began + (moved ? Math.min(MOVING_MS, input.stayMs) : input.stayMs) - context.now();
  for (;;) {
    const { pending = null } = progress;
    if (pending?.hello) {
      await context.publish(toAll(input, { number: progress.number + 1, watermark: null }));
      await context.joinLine(progress.number);
      progress = await context.readSource();
      continue;
    }
    if (pending === null && input.until !== null && progress.offset >= input.until) return standing();
    if (pending === null && (context.cancelled() || left() <= 0)) return standing();
    const batch = await context.poll(
      pollInput(input, { progress, pending, caughtUp, stayMs: Math.max(0, left()) }),
    );
    ({ endOffset, caughtUp } = batch);
    const says = batch.counters.read > 0 || batch.watermark !== progress.watermark || pending !== null;
    if (says) {
      const next: Pending = pending ?? {
        number: progress.number + 1,
        to: batch.next,
        from: latest(progress.watermark, batch.advance),
        watermark: batch.watermark,
      };
      if (pending === null && !(await context.fixPending(progress.number, next))) {
        // Another attempt of this activity was faster: what it has written down counts.
        progress = await context.readSource();
        continue;
      }
      await context.publish(messagesOf(input, { number: next.number, batch }));
    }
    await context.commit(commitOf(progress, batch));
    moved ||= says;
    progress = await context.readSource();
  }
}

/** End of input (docs/semantics.md, drain): publishes that the watermark is `end`, and commits it. */
export async function closeSource(
  input: Pick<RelayInput, 'partition' | 'targets'>,
  end: Instant | null,
  context: RelayContext,
): Promise<Progress> {
  for (;;) {
    const progress = await context.readSource();
    const { watermark, offset, number, pending = null } = progress;
    if (end === null || (watermark !== null && watermark >= end)) return progress;
    const next: Pending = { number: number + 1, to: offset, from: end, watermark: end };
    if (pending === null && !(await context.fixPending(number, next))) continue;
    await context.publish(toAll(input, { number: number + 1, watermark: end }));
    await context.commit({
      ...committed(progress),
      watermark: end,
      caughtUpSince: null,
    });
  }
}

function pollInput(
  { job, partition, until }: RelayInput,
  at: {
    progress: Progress;
    pending: Exclude<Pending, { hello: true }> | null;
    caughtUp: CaughtUp | null;
    stayMs: number;
  },
): PollInput {
  const { progress, pending, caughtUp, stayMs } = at;
  const { offset, watermark, endsUntil } = progress;
  const common = {
    job: { ...job, lingerMs: Math.min(job.lingerMs, LINGER_MS) },
    partition,
    offset,
    silent: false,
  };
  if (pending !== null) {
    const exactly = { until: pending.to, exact: true, stayMs: Infinity };
    return {
      ...common,
      ...exactly,
      watermark: pending.from,
      caughtUp: null,
      nextEnd: null,
      uncommitted: false,
    };
  }
  // Others wait for this watermark as long as something that it published is open.
  const isOpen = watermark !== null && endsUntil !== null && endsUntil > watermark;
  const nextEnd = isOpen ? watermark + IN_EVENT_TIME_MS : null;
  return { ...common, until, watermark, caughtUp, nextEnd, uncommitted: false, stayMs };
}

function messagesOf(
  { partition, targets }: RelayInput,
  { number, batch }: { number: number; batch: Batch<Scattered> },
): { target: number; message: RegroupMessage }[] {
  const { watermark, partial } = batch;
  return Array.from({ length: targets }, (_, target) => {
    const contents = partial.targets[target]!;
    const parts = Math.max(1, contents.length);
    return Array.from({ length: parts }, (_each, part) => ({
      target,
      message: { source: partition, number, part, parts, watermark, content: contents[part] ?? null },
    }));
  }).flat();
}

function toAll(
  { partition, targets }: Pick<RelayInput, 'partition' | 'targets'>,
  { number, watermark }: { number: number; watermark: Instant | null },
): { target: number; message: RegroupMessage }[] {
  return Array.from({ length: targets }, (_, target) => ({
    target,
    message: { source: partition, number, part: 0, parts: 1, watermark, content: null },
  }));
}

function commitOf(progress: Progress, batch: Batch<Scattered>): Commit<null> {
  return {
    ...committed(progress),
    offset: batch.next,
    watermark: batch.watermark,
    rebuildFrom: batch.next,
    counters: addCounters(progress.counters, batch.counters),
    caughtUpSince: batch.caughtUp?.since ?? null,
    endsUntil: latest(progress.endsUntil, batch.partial.lastEnd),
    rejects: batch.rejects,
  };
}

/** Nothing is open here, so no advance has to be remembered: what it did is published. */
function committed({ number, offset, watermark, counters = NO_RECORDS, endsUntil }: Progress): Commit<null> {
  return {
    expects: number,
    offset,
    watermark,
    rebuildFrom: offset,
    counters,
    advances: [],
    caughtUpSince: null,
    endsUntil,
    rows: null,
    rejects: [],
  };
}
