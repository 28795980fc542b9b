import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type Fetched,
  type FetchRequest,
  KafkaUnavailable,
  type LogName,
} from '../../src/io/kafka/logReader.js';
import { type LogReader, OffsetOutOfRange } from '../../src/io/kafka/logReader.js';
import { surveyBatches } from '../../src/io/kafka/recordBatch.js';
import { createRecordCursor } from '../../src/io/kafka/recordCursor.js';
import { type BatchRecord, encodeBatch, encodeMarker } from './kafkaBatch.js';

/**
 * One partition in memory, on a clock that only the test moves. It keeps real record batches, so that the production
 * decoder reads them.
 */
export interface MemoryLog {
  /** Appends the records as one batch; returns the first offset. A time left out is the clock's. */
  append(...records: BatchRecord[]): number;
  /** Appends the records as a transaction, which is open until it is ended. */
  begin(...records: BatchRecord[]): { end(outcome: 'commit' | 'abort'): void };
  /** Offsets whose records compaction has removed. */
  appendGap(offsets: number): void;
  /** Retention: the log now starts here. */
  deleteBefore(offset: number): void;
  /** The next fetch fails with it. */
  failNext(error: Error): void;
  /** The end for read_committed. */
  readonly endOffset: number;

  readonly nowMs: number;
  /** Moves the clock: runs what is scheduled and ends the long polls whose time is over. */
  advance(ms: number): void;
  /** Runs `action` when the clock reaches `atMs`. */
  schedule(atMs: number, action: () => void): void;
  /** Resolves when a fetch waits in its long poll (at once, if one does). */
  untilWaiting(): Promise<void>;

  reader(): LogReader;
}

export interface MemoryLogOptions extends Partial<LogName> {
  nowMs?: number;
  /**
   * What a fetch at the end of the log does. `park` (default): it waits for an append or for `advance`. `skip`: it
   * moves the clock itself, to what is scheduled next or by `maxWaitMs`, so that long polls take no time.
   */
  waits?: 'park' | 'skip';
}

interface StoredBatch {
  baseOffset: number;
  lastOffset: number;
  bytes: Buffer;
}
interface Transaction {
  producerId: number;
  firstOffset: number;
  /** Of its marker. */
  lastOffset?: number;
  aborted?: boolean;
}

export function createMemoryLog(options: MemoryLogOptions = {}): MemoryLog {
  const log: LogName = { topic: options.topic ?? 'events', partition: options.partition ?? 0 };
  let nowMs = options.nowMs ?? 0;
  let startOffset = 0;
  let nextOffset = 0;
  let batches: StoredBatch[] = [];
  const transactions: Transaction[] = [];
  const failures: Error[] = [];
  const scheduled: { atMs: number; action: () => void }[] = [];
  const waiting = new Set<{ untilMs: number; wake: () => void }>();
  const waitingForWaiting: (() => void)[] = [];

  function store(bytes: Buffer, lastOffset: number): void {
    batches.push({ baseOffset: nextOffset, lastOffset, bytes });
    nextOffset = lastOffset + 1;
    for (const { wake } of waiting) wake();
  }

  function storeRecords(
    records: BatchRecord[],
    producer: { producerId?: number; transactional?: boolean },
  ): number {
    const baseOffset = nextOffset;
    const stamped = records.map((record) => ({ timestampMs: nowMs, ...record }));
    store(encodeBatch({ baseOffset, records: stamped, ...producer }), baseOffset + records.length - 1);
    return baseOffset;
  }

  function endOffset(): number {
    const open = transactions.filter(({ lastOffset }) => lastOffset === undefined);
    return Math.min(nextOffset, ...open.map(({ firstOffset }) => firstOffset));
  }

  /** Sets the clock; what is scheduled up to then runs at its own time. */
  function moveTo(targetMs: number, stop: () => boolean = () => false): void {
    while (!stop()) {
      const due = scheduled.sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined || due.atMs > targetMs) {
        nowMs = Math.max(nowMs, targetMs);
        break;
      }
      scheduled.shift();
      nowMs = Math.max(nowMs, due.atMs);
      due.action();
    }
    for (const waiter of waiting) if (waiter.untilMs <= nowMs) waiter.wake();
  }

  function readable(request: FetchRequest): StoredBatch[] {
    const end = endOffset();
    const from = batches.filter(
      ({ baseOffset, lastOffset }) => lastOffset >= request.offset && baseOffset < end,
    );
    let bytes = 0;
    return from.filter((batch, index) => (bytes += batch.bytes.length) <= request.maxBytes || index === 0);
  }

  async function waitForRecords(request: FetchRequest, isClosed: () => boolean): Promise<void> {
    const untilMs = nowMs + request.maxWaitMs;
    const arrived = () => readable(request).length > 0;
    const expired = () => nowMs >= untilMs;
    if (options.waits === 'skip') {
      moveTo(untilMs, arrived);
      await nextTurn();
      return;
    }
    while (!arrived() && !expired() && !isClosed()) {
      await new Promise<void>((wake) => {
        waiting.add({ untilMs, wake });
        for (const resolve of waitingForWaiting.splice(0)) resolve();
      });
      waiting.clear();
    }
  }

  function answer(request: FetchRequest, requestedAtMs: number): Fetched {
    const { offset: wantedOffset } = request;
    const given = readable(request);
    const set = Buffer.concat(given.map(({ bytes }) => bytes));
    surveyBatches(set, { ...log, wantedOffset });
    const abortedTransactions = transactions.filter(
      ({ aborted, lastOffset }) => aborted === true && lastOffset! >= wantedOffset,
    );
    return {
      records: createRecordCursor({
        log,
        batches: set,
        wantedOffset,
        abortedTransactions,
        decompressors: new Map(),
      }),
      startOffset,
      endOffset: endOffset(),
      requestedAtMs,
    };
  }

  return {
    append: (...records) => storeRecords(records, {}),
    begin(...records) {
      const transaction: Transaction = { producerId: 1000 + transactions.length, firstOffset: nextOffset };
      transactions.push(transaction);
      storeRecords(records, { producerId: transaction.producerId, transactional: true });
      return {
        end(outcome) {
          transaction.lastOffset = nextOffset;
          transaction.aborted = outcome === 'abort';
          const { producerId } = transaction;
          store(encodeMarker({ offset: nextOffset, producerId, outcome, timestampMs: nowMs }), nextOffset);
        },
      };
    },
    appendGap(offsets) {
      const lastOffset = nextOffset + offsets - 1;
      store(encodeBatch({ baseOffset: nextOffset, records: [], lastOffset }), lastOffset);
    },
    deleteBefore(offset) {
      startOffset = offset;
      batches = batches.filter(({ lastOffset }) => lastOffset >= offset);
    },
    failNext: (error) => failures.push(error),
    get endOffset() {
      return endOffset();
    },
    get nowMs() {
      return nowMs;
    },
    advance: (ms) => moveTo(nowMs + ms),
    schedule: (atMs, action) => scheduled.push({ atMs, action }),
    async untilWaiting() {
      if (waiting.size === 0) await new Promise<void>((resolve) => waitingForWaiting.push(resolve));
    },
    reader() {
      let closed = false;
      return {
        async fetch(request) {
          if (closed) throw new KafkaUnavailable(`${log.topic}/${log.partition}: the reader is closed`);
          const failure = failures.shift();
          if (failure !== undefined) throw failure;
          const { offset: wantedOffset } = request;
          if (wantedOffset < startOffset || wantedOffset > nextOffset) {
            throw new OffsetOutOfRange(log, { wantedOffset, startOffset, endOffset: endOffset() });
          }
          const requestedAtMs = nowMs;
          if (readable(request).length === 0) await waitForRecords(request, () => closed);
          if (closed) throw new KafkaUnavailable(`${log.topic}/${log.partition}: the reader is closed`);
          return answer(request, requestedAtMs);
        },
        async close() {
          closed = true;
          for (const { wake } of waiting) wake();
        },
      };
    },
  };
}
