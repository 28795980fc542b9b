import type { AbortedTransaction } from './abortedTransactions.js';
import { readInt64 } from './bytes.js';

/** The answer to a fetch that asked for one partition. */
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
 * Takes the answer to a Fetch v11 apart:
 * throttle time (4), error (2), session (4), topics (count 4): name (length 2), partitions (count 4): number (4),
 * error (2), high watermark (8), last stable offset (8), log start (8), aborted transactions (count 4, each producer
 * id 8, first offset 8), preferred replica (4), records (length 4).
 */
export function decodeFetchByName(raw: Buffer): FetchResponse {
  const answer = new Answer(raw);
  const throttleMs = answer.int32();
  const sessionError = answer.int16();
  answer.skip(4);
  if (answer.int32() < 1) return { throttleMs, partition: sessionError === 0 ? null : failed(sessionError) };
  answer.skip(answer.int16());
  answer.skip(4);
  const partition = partitionOf(answer, {
    count: () => answer.int32(),
    tags: () => undefined,
    bytes: () => answer.int32(),
  });
  return { throttleMs, partition };
}

/**
 * Takes the answer to a Fetch v13 apart: the same with tags behind the header and each transaction, counts and lengths as varints that
 * are one larger (0: null), and in place of the topic's name its id (16).
 */
export function decodeFetchById(raw: Buffer): FetchResponse {
  const answer = new Answer(raw);
  answer.tags();
  const throttleMs = answer.int32();
  const sessionError = answer.int16();
  answer.skip(4);
  const count = (): number => answer.varint() - 1;
  if (count() < 1) return { throttleMs, partition: sessionError === 0 ? null : failed(sessionError) };
  answer.skip(16);
  count();
  return { throttleMs, partition: partitionOf(answer, { count, tags: () => answer.tags(), bytes: count }) };
}

function partitionOf(
  answer: Answer,
  form: { count: () => number; tags: () => void; bytes: () => number },
): FetchedPartition {
  answer.skip(4);
  const errorCode = answer.int16();
  answer.skip(8);
  const lastStableOffset = answer.int64();
  const startOffset = answer.int64();
  const abortedTransactions = Array.from({ length: Math.max(0, form.count()) }, () => {
    const aborted = { producerId: answer.int64(), firstOffset: answer.int64() };
    form.tags();
    return aborted;
  });
  answer.skip(4);
  const batches = answer.bytes(Math.max(0, form.bytes()));
  return { errorCode, lastStableOffset, startOffset, abortedTransactions, batches };
}

/** Reads from front to back. */
class Answer {
  readonly #raw: Buffer;
  #at = 0;

  constructor(raw: Buffer) {
    this.#raw = raw;
  }

  int16(): number {
    return this.#raw.readInt16BE(this.skip(2));
  }

  int32(): number {
    return this.#raw.readInt32BE(this.skip(4));
  }

  int64(): number {
    return readInt64(this.#raw, this.skip(8));
  }

  varint(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#raw.readUInt8(this.skip(1));
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  tags(): void {
    for (let left = this.varint(); left > 0; left--) {
      this.varint();
      this.skip(this.varint());
    }
  }

  /** A view. */
  bytes(length: number): Buffer {
    const from = this.skip(length);
    return this.#raw.subarray(from, from + length);
  }

  /** Where the part that is passed begins. */
  skip(bytes: number): number {
    this.#at += bytes;
    return this.#at - bytes;
  }
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
