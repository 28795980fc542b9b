/** Stage two's poll: reads one partition of the internal topic and combines what several sources have published. */
import { Context } from '@temporalio/activity';
import { NO_RECORDS } from '../domain/accounting.js';
import { MissingMessages, type SourceStanding } from '../domain/sources.js';
import { UnreadableLog, type LogReader } from '../io/kafka/logReader.js';
import type { ReaderPool } from '../io/kafka/readerPool.js';
import type { RegroupingJob } from '../pipelines/job.js';
import type { JobRegrouped } from '../pipelines/operators.js';
import { combinerOf } from '../pipelines/pollSide.js';
import { withFailures } from './failures.js';
import { startHeartbeats } from './heartbeats.js';
import { unlessAborted, type Handover } from './handover.js';
import type { PollResult } from './poll.js';
import { batchRead, watched, type Fetch, type Watch, type WatchedPartition } from './watch.js';
import { decodeMessage } from './regroupMessage.js';

export interface TargetPollInput {
  job: RegroupingJob;
  /** The internal topic. */
  topic: string;
  target: number;
  offset: number;
  /** What was taken from each source by then. */
  sources: SourceStanding[];
  /** Offset to stop at: the end of a drain or of a silent read. */
  until: number | null;
  /** A silent read does not linger. */
  silent: boolean;
  stayMs: number;
}

interface TargetPollContext {
  reader: LogReader;
  now: () => number;
  sleep: (ms: number) => Promise<void>;
  /** Aborts when the poll is to return with what it has. */
  leaving: AbortSignal;
  /** Hears of each fetch. */
  fetched?: (fetch: Fetch) => void;
}

const FETCH_BYTES = 2_000_000;
const FETCH_WAIT_MS = 1000;
const PAUSE_MS = 50;
const LONGEST_BATCH_MS = 5000;

/** Heartbeats and connections are {@link createPollTarget}'s. */
export async function pollTarget(
  input: TargetPollInput,
  context: TargetPollContext,
): Promise<PollResult<JobRegrouped>> {
  const { reader } = context;
  const { job, offset: from, until, silent, stayMs } = input;
  const combined = combinerOf(job, input.sources);
  const end = until ?? Infinity;
  const began = context.now();
  let offset = from;
  let endOffset: number | null = null;
  let recordTime: number | null = null;
  let leaveAt = began + stayMs;
  let full = false;
  while (offset < end && !full && !context.leaving.aborted) {
    const maxWaitMs = Math.max(0, Math.min(FETCH_WAIT_MS, leaveAt - context.now()));
    const fetching = reader.fetch({ offset, maxWaitMs, maxBytes: FETCH_BYTES });
    const fetched = await unlessAborted(fetching, context.leaving);
    if (fetched === null) break;
    ({ endOffset } = fetched);
    if (until !== null && endOffset < until && offset >= endOffset) {
      // A drain or a silent read ends at an offset that was there once.
      throw new Error(
        `the internal topic ${input.topic}/${input.target} ends at ${endOffset}, but was read up to ${until} before: was it deleted?`,
      );
    }
    const before = offset;
    while (!full && fetched.records.next()) {
      if (fetched.records.offset >= end) break;
      recordTime = fetched.records.timestampMs;
      take(input, { combined, offset: fetched.records.offset, value: fetched.records.value()! });
      full = combined.sizeBytes >= job.maxBatchBytes;
    }
    offset = Math.min(fetched.records.nextOffset, end);
    context.fetched?.({ next: offset, endOffset, watermark: combined.watermark, recordTime });
    if (before === from && offset > from) leaveAt = Math.min(leaveAt, context.now() + job.lingerMs);
    const atEnd = offset >= endOffset;
    if (!atEnd) leaveAt = Math.max(leaveAt, context.now()); // there is more at once
    if (context.now() - began >= LONGEST_BATCH_MS && offset > from && !atEnd) break;
    if (atEnd && (context.now() >= leaveAt || (silent && offset > from))) break;
    if (atEnd && offset > from) await context.sleep(Math.min(PAUSE_MS, Math.max(0, leaveAt - context.now())));
  }
  return {
    from,
    next: offset,
    advance: null,
    watermark: combined.watermark,
    caughtUp:
      endOffset !== null && offset >= endOffset
        ? { since: context.now(), addedUntil: context.now(), seen: null }
        : null,
    counters: NO_RECORDS,
    partial: combined.partial(),
    rejects: [],
    endOffset,
  };
}

function take(
  { topic, target }: TargetPollInput,
  { combined, offset, value }: { combined: ReturnType<typeof combinerOf>; offset: number; value: Buffer },
): void {
  const message = decodeMessage(value);
  try {
    if (message.content === null) combined.hear(message);
    else combined.take(message, offset, message.content);
  } catch (error) {
    if (!(error instanceof MissingMessages)) throw error;
    throw new UnreadableLog({ topic, partition: target }, { offset, reason: error.message });
  }
}

interface Dependencies {
  readers: ReaderPool;
  watch: Watch;
  handover: Handover;
}

export function createPollTarget({ readers, watch, handover }: Dependencies) {
  /** {@link pollTarget} with a reader of this process's pool, heartbeats, and an end at once when it is cancelled. */
  return async (input: TargetPollInput): Promise<PollResult<JobRegrouped>> => {
    const activity = Context.current();
    const partition = watchedTarget(activity.info.workflowExecution!.workflowId, input);
    const reader = readers.acquire(input.topic, input.target);
    const stopHeartbeats = startHeartbeats();
    watch(partition, { what: 'held' });
    try {
      const context: TargetPollContext = {
        reader,
        now: Date.now,
        sleep: (ms) => activity.sleep(ms),
        leaving: handover.givenBack,
        fetched: (fetch) => watch(partition, { what: 'fetched', ...fetch }),
      };
      const result = await Promise.race([activity.cancelled, withFailures(() => pollTarget(input, context))]);
      const givenBack = await handover.passing();
      readers.release(reader);
      watch(partition, batchRead(result, input.silent, result.next - result.from));
      return givenBack ? { ...result, givenBack } : result;
    } catch (error) {
      readers.discard(reader);
      if (!activity.cancellationSignal.aborted) watch(partition, { what: 'not read' });
      throw error;
    } finally {
      stopHeartbeats();
      watch(partition, { what: 'released' });
    }
  };
}

/** The workflow's id begins with the job's name, in which is no "/". */
function watchedTarget(workflowId: string, { job, target }: TargetPollInput): WatchedPartition {
  return watched({ job: workflowId.split('/')[0]!, stage: 2, partition: target }, job);
}
