/**
 * Stage one of a regrouping: reads a partition batch by batch, publishes each by key to the targets, and commits how far it is. Its state is
 * what `weir.progress` holds, so any worker can run any attempt, and one that is lost costs a batch.
 *
 *     read [offset, to) -> pending written down -> published -> committed, pending gone
 *
 * Whoever finds something pending reads exactly that again and publishes it again: targets drop what they have.
 */
import { addCounters } from '../domain/accounting.js';
import type { Batch, Commit, Progress } from '../domain/commit.js';
import { latest, type Instant } from '../domain/instant.js';
import type { CaughtUp } from '../domain/quietClock.js';
import { rereadOf } from '../domain/replay.js';
import { replacedBy } from '../domain/rewrite.js';
import type { Pending } from '../domain/sources.js';
import { UnreadableLog } from '../io/kafka/logReader.js';
import type { RegroupingJob } from '../pipelines/job.js';
import type { Content } from '../pipelines/pollSide.js';
import type { Scattered } from '../pipelines/regroup.js';
import type { PollInput, PollResult } from './poll.js';
import type { RegroupMessage } from './regroupMessage.js';

export interface RelayInput {
  job: RegroupingJob;
  partition: number;
  targets: number;
  /** Offset to stop at: the end of a drain. */
  until: number | null;
  caughtUp: CaughtUpAt | null;
  /** It returns after this long, or, when anything moved, after a part of it. */
  stayMs: number;
}

/** Since when a source was caught up as of commit `number`: means nothing once another attempt has read on. */
export interface CaughtUpAt {
  number: number;
  caughtUp: CaughtUp | null;
}

export interface RelayResult {
  progress: Progress;
  caughtUp: CaughtUp | null;
  endOffset: number | null;
}

/** What it needs of the world: real in the worker, made up in tests. */
export interface RelayContext {
  now(): Instant;
  /** Whether it is to return with what it has done, or nobody waits for this attempt any more. */
  isOver(): boolean;
  readSource(): Promise<Progress>;
  fixPending(number: number, pending: Pending): Promise<boolean>;
  joinLine(number: number): Promise<void>;
  poll(input: PollInput): Promise<PollResult<Scattered<Content>>>;
  publish(messages: { target: number; message: RegroupMessage }[]): Promise<void>;
  commit(commit: Commit<null>): Promise<void>;
  warn: (message: string) => void;
}

/** People see in the UI how far it is: so it does not stay longer when it moves. */
const MOVING_MS = 20_000;
/** A batch costs next to nothing here: it need not wait long for more. */
const LINGER_MS = 250;
const IN_EVENT_TIME_MS = 1000;

type PendingBatch = Exclude<Pending, { hello: true }>;

export async function relay(input: RelayInput, context: RelayContext): Promise<RelayResult> {
  const began = context.now();
  let progress = await settle(input, context);
  let caughtUp = input.caughtUp?.number === progress.number ? input.caughtUp.caughtUp : null;
  let endOffset: number | null = null;
  let moved = false;
  const left = (): number =>
    began + (moved ? Math.min(MOVING_MS, input.stayMs) : input.stayMs) - context.now();
  while (!isRead(input, progress) && !context.isOver() && left() > 0) {
    const advance = advanceAt(progress);
    if (advance !== null) {
      await context.fixPending(progress.number, advance);
      progress = await settle(input, context);
      continue;
    }
    const batch = await context.poll(newBatch(input, { progress, caughtUp, stayMs: Math.max(0, left()) }));
    endOffset = batch.endOffset ?? endOffset;
    // Also where it passed nothing but what is compacted or aborted: offsets of messages follow each other.
    const says = batch.next > progress.offset || batch.watermark !== progress.watermark;
    // Others see by `caughtUpSince` whether this source is quiet: it is written, too, once.
    const isQuiet = batch.caughtUp?.since !== caughtUp?.since;
    ({ caughtUp } = batch);
    if (!says && !isQuiet) continue;
    const next: PendingBatch = {
      number: progress.number + 1,
      to: batch.next,
      from: latest(progress.watermark, batch.advance),
      watermark: batch.watermark,
    };
    // Also where nothing is published: a commit takes away what is pending, and that has to be its own.
    if (!(await context.fixPending(progress.number, next))) {
      // Another attempt of this activity was faster: what it has written down counts.
      progress = await settle(input, context);
      caughtUp = null;
      continue;
    }
    if (says) {
      await context.publish(
        messagesOf(input, { number: next.number, from: progress.offset, to: next.to }, batch),
      );
      moved = true;
    }
    await context.commit(commitOf(progress, batch));
    progress = await settle(input, context);
  }
  return { progress, caughtUp, endOffset };
}

/** In a replay, where the part ends that was read before: what the clock or a drain had moved the watermark to is published, too. */
function advanceAt({ advances, offset, watermark, number }: Progress): PendingBatch | null {
  const recorded = advances.find(([at, to]) => at === offset && (watermark === null || to > watermark));
  if (recorded === undefined) return null;
  return { number: number + 1, to: offset, from: recorded[1], watermark: recorded[1] };
}

/** End of input (docs/semantics.md, drain): publishes that the watermark is `end`, and commits it. */
export async function closeSource(
  input: RelayInput,
  end: Instant | null,
  context: RelayContext,
): Promise<Progress> {
  for (;;) {
    const progress = await settle(input, context);
    const { watermark, offset, number } = progress;
    if (end === null || (watermark !== null && watermark >= end)) return progress;
    await context.fixPending(number, { number: number + 1, to: offset, from: end, watermark: end });
  }
}

/** Everything is read that was to be, and published. */
function isRead({ until }: RelayInput, { offset }: Progress): boolean {
  return until !== null && offset >= until;
}

/** Publishes and commits what an attempt or a run before this one has left pending, until nothing is. */
async function settle(input: RelayInput, context: RelayContext): Promise<Progress> {
  for (;;) {
    const progress = await context.readSource();
    const { pending = null, number, offset } = progress;
    if (pending === null) return progress;
    if (pending.hello) {
      await context.publish(helloOf(input, { number: number + 1, offset }));
      await context.joinLine(number);
      continue;
    }
    const again = await context.poll(exactBatch(input, progress, pending));
    const batch = expected(input, pending, { batch: again, warn: (message) => context.warn(message) });
    await context.publish(messagesOf(input, { number: pending.number, from: offset, to: pending.to }, batch));
    await context.commit(commitOf(progress, batch));
  }
}

/** What was read again has to be what was to be published: some targets may have it. */
function expected(
  { job, partition }: RelayInput,
  { to, watermark }: PendingBatch,
  { batch, warn }: { batch: PollResult<Scattered<Content>> } & Pick<RelayContext, 'warn'>,
): PollResult<Scattered<Content>> {
  if (batch.next === to && batch.watermark === watermark) return batch;
  const found = `watermark ${batch.watermark} at ${batch.next}, where it was ${watermark} at ${to} before`;
  // Nothing counts what compaction takes: `skipped` is what retention has removed.
  if (batch.next !== to || job.onDataLoss === 'fail') {
    const reason = `${found}: records are gone that some targets may have. With "onDataLoss":"skip" the job goes on with what is left`;
    throw new UnreadableLog({ topic: job.topic, partition }, { offset: batch.from, reason });
  }
  warn(`${found}: records are gone, and "onDataLoss" is "skip"`);
  return { ...batch, watermark };
}

function newBatch(
  input: RelayInput,
  at: { progress: Progress; caughtUp: CaughtUp | null; stayMs: number },
): PollInput {
  const { progress, caughtUp, stayMs } = at;
  const { offset, watermark, endsUntil } = progress;
  // Others wait for this watermark as long as something that it published is open.
  const isOpen = watermark !== null && endsUntil !== null && endsUntil > watermark;
  const nextEnd = isOpen ? watermark + IN_EVENT_TIME_MS : null;
  const { until } = input;
  return {
    ...batchOf(input),
    offset,
    watermark,
    until,
    reread: rereadOf(progress),
    caughtUp,
    nextEnd,
    stayMs,
  };
}

function exactBatch(input: RelayInput, progress: Progress, { to, from }: PendingBatch): PollInput {
  const { offset } = progress;
  const reread = rereadOf(progress);
  const exactly = { until: to, exact: true, stayMs: Infinity };
  return { ...batchOf(input), offset, watermark: from, reread, caughtUp: null, nextEnd: null, ...exactly };
}

function batchOf({
  job,
  partition,
}: RelayInput): Pick<PollInput, 'job' | 'partition' | 'silent' | 'uncommitted'> {
  const quick = { ...job, lingerMs: Math.min(job.lingerMs, LINGER_MS) };
  return { job: quick, partition, silent: false, uncommitted: false };
}

function messagesOf(
  { partition, targets }: RelayInput,
  { number, from, to }: Pick<RegroupMessage, 'number' | 'from' | 'to'>,
  batch: Batch<Scattered<Content>>,
): { target: number; message: RegroupMessage }[] {
  const { watermark, partial } = batch;
  const head = { source: partition, number, from, to, watermark };
  return Array.from({ length: targets }, (_, target) => {
    const contents = partial.targets[target]!;
    const parts = Math.max(1, contents.length);
    return Array.from({ length: parts }, (_each, part) => ({
      target,
      message: { ...head, part, parts, content: contents[part] ?? null },
    }));
  }).flat();
}

function helloOf(
  { partition, targets }: RelayInput,
  { number, offset }: { number: number; offset: number },
): { target: number; message: RegroupMessage }[] {
  const about = { source: partition, number, from: offset, to: offset };
  const message = { ...about, watermark: null, part: 0, parts: 1, content: null };
  return Array.from({ length: targets }, (_, target) => ({ target, message }));
}

/** Nothing is open here, so no advance has to be remembered that has been passed: what it did is published. */
function commitOf(progress: Progress, batch: Batch<Scattered<Content>>): Commit<null> {
  const replaced = replacedBy(progress.rewrite ?? null, progress, {
    offset: batch.next,
    watermark: batch.watermark,
  });
  return {
    expects: progress.number,
    offset: batch.next,
    watermark: batch.watermark,
    rebuildFrom: batch.next,
    counters: addCounters(progress.counters, batch.counters),
    advances: progress.advances.filter(([offset]) => offset >= batch.next),
    caughtUpSince: batch.caughtUp?.since ?? null,
    endsUntil: latest(progress.endsUntil, batch.partial.lastEnd),
    // Results are the targets'.
    replaced: replaced && { ...replaced, ends: null },
    rows: null,
    rejects: batch.rejects,
  };
}
