import { abortedBatches } from './abortedTransactions.js';
import type { AbortedTransaction } from './abortedTransactions.js';
import type { Decompress } from './codecs.js';
import { type LogName, type RecordCursor, UnreadableLog } from './logReader.js';
import {
  baseOffset,
  baseTimestampMs,
  codecNumber,
  headerBytes,
  isControl,
  largestTimestampMs,
  offsetAfter,
  positionAfter,
  recordCount,
  stampedByBroker,
} from './recordBatch.js';

export interface RecordSet {
  log: LogName;
  /** Whole batches, one after the other. */
  batches: Buffer;
  /** Records below it, which compressed batches bring along, are passed over. */
  wantedOffset: number;
  abortedTransactions: AbortedTransaction[];
  /** A decompressor for every codec that the batches use. */
  decompressors: ReadonlyMap<number, Decompress>;
}

/** Decodes records in place, one at a time: a million events pass here, so nothing is made for any of them. */
export function createRecordCursor(set: RecordSet): RecordCursor {
  return new BatchCursor(set);
}

class BatchCursor implements RecordCursor {
  offset = -1;
  timestampMs = -1;
  nextOffset: number;

  readonly #set: RecordSet;
  readonly #isAborted: (batch: number) => boolean;
  #nextBatch = 0;

  // The batch that is being read: its records (decompressed), how many are left and what their fields count from.
  #records: Buffer = emptyBytes;
  #at = 0;
  #left = 0;
  #baseOffset = 0;
  #offsetAfter = 0;
  #timeBaseMs = 0;
  #stampedByBroker = false;

  // The record that is shown: where its key and value lie in `#records`; a start of -1 is null.
  #keyStart = -1;
  #keyEnd = -1;
  #valueStart = -1;
  #valueEnd = -1;

  constructor(set: RecordSet) {
    this.#set = set;
    this.#isAborted = abortedBatches(set.batches, set.abortedTransactions);
    this.nextOffset = set.wantedOffset;
  }

  next(): boolean {
    const wanted = this.#set.wantedOffset;
    do {
      while (this.#left > 0) {
        this.#readRecord();
        if (--this.#left === 0) this.#passTo(this.#offsetAfter);
        if (this.offset >= wanted) {
          this.#passTo(this.offset + 1);
          return true;
        }
      }
    } while (this.#enterBatch());
    return false;
  }

  key(): Buffer | null {
    return this.#keyStart < 0 ? null : this.#records.subarray(this.#keyStart, this.#keyEnd);
  }

  value(): Buffer | null {
    return this.#valueStart < 0 ? null : this.#records.subarray(this.#valueStart, this.#valueEnd);
  }

  get valueIn(): Buffer {
    return this.#records;
  }

  get valueStart(): number {
    return this.#valueStart;
  }

  get valueEnd(): number {
    return this.#valueEnd;
  }

  #passTo(offset: number): void {
    if (offset > this.nextOffset) this.nextOffset = offset;
  }

  /** Goes to the next batch; false at the end. One that holds nothing for the reader is entered with no records left. */
  #enterBatch(): boolean {
    const { batches, log } = this.#set;
    const batch = this.#nextBatch;
    if (batch >= batches.length) return false;
    const end = positionAfter(batches, batch);
    this.#nextBatch = end;
    this.#baseOffset = baseOffset(batches, batch);
    this.#offsetAfter = offsetAfter(batches, batch);
    // In this order: a control batch has to be seen by the one that follows the aborted transactions.
    const nothingToRead =
      this.#isAborted(batch) || isControl(batches, batch) || recordCount(batches, batch) <= 0;
    if (nothingToRead) {
      this.#passTo(this.#offsetAfter);
      return true;
    }
    this.#stampedByBroker = stampedByBroker(batches, batch);
    this.#timeBaseMs = this.#stampedByBroker
      ? largestTimestampMs(batches, batch)
      : baseTimestampMs(batches, batch);
    const decompress = this.#set.decompressors.get(codecNumber(batches, batch));
    try {
      const records = batches.subarray(batch + headerBytes, end);
      this.#records = decompress === undefined ? records : decompress(records);
    } catch (cause) {
      const reason = `a compressed batch is damaged: ${String(cause)}`;
      throw new UnreadableLog(log, { offset: this.#baseOffset, reason, cause });
    }
    this.#at = 0;
    this.#left = recordCount(batches, batch);
    return true;
  }

  /** length, attributes (1 byte), timestamp delta, offset delta, key length, key, value length, value, headers */
  #readRecord(): void {
    const length = this.#readVarint();
    const end = this.#at + length;
    this.#at += 1;
    const timestampDeltaMs = this.#readVarint();
    this.timestampMs = this.#stampedByBroker ? this.#timeBaseMs : this.#timeBaseMs + timestampDeltaMs;
    this.offset = this.#baseOffset + this.#readVarint();

    const keyLength = this.#readVarint();
    this.#keyStart = keyLength < 0 ? -1 : this.#at;
    if (keyLength > 0) this.#at += keyLength;
    this.#keyEnd = this.#at;

    const valueLength = this.#readVarint();
    this.#valueStart = valueLength < 0 ? -1 : this.#at;
    if (valueLength > 0) this.#at += valueLength;
    this.#valueEnd = this.#at;

    if (!(length >= 0 && this.#at <= end && end <= this.#records.length)) {
      const reason = 'a record does not fit into its batch';
      throw new UnreadableLog(this.#set.log, { offset: this.#baseOffset, reason });
    }
    this.#at = end;
  }

  /** A zigzag varint of up to 64 bits. Bytes outside of the batch read as 0: the lengths are checked afterwards. */
  #readVarint(): number {
    const bytes = this.#records;
    let byte = bytes[this.#at++]!;
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    let low = byte & 0x7f;
    for (let shift = 7; shift < 28; shift += 7) {
      byte = bytes[this.#at++]!;
      low |= (byte & 0x7f) << shift;
      if (!(byte >= 0x80)) return (low >>> 1) ^ -(low & 1);
    }
    // Beyond 28 bits with numbers, since 32-bit operators would cut it.
    let value = low;
    let scale = 2 ** 28;
    do {
      byte = bytes[this.#at++]!;
      value += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte >= 0x80);
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}

const emptyBytes: Buffer = Buffer.alloc(0);
