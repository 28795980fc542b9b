import type { AbortedTransaction } from './abortedTransactions.js';
import { readInt64 } from './bytes.js';

/** The answer to a Fetch v11 that asked for one partition. */
export interface FetchResponse {
  /** The broker asks for a pause of this length before the next request (a quota). */
  throttleMs: number;
  /** null when the broker answers with a throttle time and nothing else. */
  partition: FetchedPartition | null;
}

export interface FetchedPartition {
  errorCode: number;
  lastStableOffset: number;
  startOffset: number;
  abortedTransactions: AbortedTransaction[];
  /** Record batches as they lie in the log; the last one may be cut off. A view of the answer. */
  batches: Buffer;
}

/**
 * Takes the answer apart:
 * throttle time (4), error (2), session (4), topics (count 4): name (length 2), partitions (count 4): number (4),
 * error (2), high watermark (8), last stable offset (8), log start (8), aborted transactions (count 4, each producer
 * id 8, first offset 8), preferred replica (4), records (length 4).
 */
export function decodeFetchResponse(raw: Buffer): FetchResponse {
  let at = 0;
  const skip = (bytes: number): number => {
    at += bytes;
    return at - bytes;
  };
  const int16 = () => raw.readInt16BE(skip(2));
  const int32 = () => raw.readInt32BE(skip(4));
  const int64 = () => readInt64(raw, skip(8));

  const throttleMs = int32();
  const sessionError = int16();
  skip(4);
  if (int32() < 1) return { throttleMs, partition: sessionError === 0 ? null : failed(sessionError) };
  skip(int16());
  skip(4 + 4);
  const errorCode = int16();
  skip(8);
  const lastStableOffset = int64();
  const startOffset = int64();
  const abortedTransactions = Array.from({ length: Math.max(0, int32()) }, () => ({
    producerId: int64(),
    firstOffset: int64(),
  }));
  skip(4);
  const bytes = Math.max(0, int32());
  const batches = raw.subarray(at, at + bytes);
  return {
    throttleMs,
    partition: { errorCode, lastStableOffset, startOffset, abortedTransactions, batches },
  };
}

function failed(errorCode: number): FetchedPartition {
  return {
    errorCode,
    lastStableOffset: -1,
    startOffset: -1,
    abortedTransactions: [],
    batches: Buffer.alloc(0),
  };
}
