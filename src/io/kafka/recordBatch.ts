import { readInt64 } from './bytes.js';
import { codec } from './codecs.js';
import { type LogName, UnreadableLog } from './logReader.js';

/**
 * The header of a record batch, message format v2 (Kafka 0.11 and later):
 *
 *      0 base offset (8)           21 attributes (2)           43 producer id (8)
 *      8 length after this (4)     23 last offset delta (4)    51 producer epoch (2)
 *     12 leader epoch (4)          27 base timestamp (8)       53 base sequence (4)
 *     16 format, always 2 (1)      35 largest timestamp (8)    57 number of records (4)
 *     17 CRC-32C (4)                                           61 records, perhaps compressed
 *
 * The CRC is not checked: the broker checked it on the way in, TCP checks on the way out, and computing it here would
 * cost as much as all of the decoding. Lengths that do not fit are found.
 */
export const headerBytes = 61;
const lengthEnd = 12;
const formatAt = 16;
const newestFormat = 2;

/** Offset of the first record, if it is still there: the base of the others'. */
export const baseOffset = (set: Buffer, batch: number): number => readInt64(set, batch);
/** Offset after the batch, whatever compaction has left of it. */
export const offsetAfter = (set: Buffer, batch: number): number =>
  baseOffset(set, batch) + set.readInt32BE(batch + 23) + 1;
/** Position after the batch; may lie outside of the set. */
export const positionAfter = (set: Buffer, batch: number): number =>
  batch + lengthEnd + set.readInt32BE(batch + 8);
export const baseTimestampMs = (set: Buffer, batch: number): number => readInt64(set, batch + 27);
export const largestTimestampMs = (set: Buffer, batch: number): number => readInt64(set, batch + 35);
/** -1 for a producer that is neither idempotent nor transactional. */
export const producerId = (set: Buffer, batch: number): number => readInt64(set, batch + 43);
export const recordCount = (set: Buffer, batch: number): number => set.readInt32BE(batch + 57);

const attributes = (set: Buffer, batch: number): number => set.readInt16BE(batch + 21);
export const codecNumber = (set: Buffer, batch: number): number => attributes(set, batch) & 0x07;
export const stampedByBroker = (set: Buffer, batch: number): boolean => (attributes(set, batch) & 0x08) !== 0;
export const isTransactional = (set: Buffer, batch: number): boolean => (attributes(set, batch) & 0x10) !== 0;
export const isControl = (set: Buffer, batch: number): boolean => (attributes(set, batch) & 0x20) !== 0;

/** What a set of batches needs and holds, before any record is decoded. */
export interface BatchSurvey {
  /** The whole batches end here; a batch after it was cut off by the fetch's size and comes again. */
  wholeBytes: number;
  /** Offset after the last whole batch; null when there is no batch. */
  offsetAfter: number | null;
  /** Codecs that the batches are compressed with. */
  codecs: Set<number>;
}

/**
 * Walks over the batches' headers.
 * @throws {UnreadableLog} for an old message format, or bytes that are no batches
 */
export function surveyBatches(set: Buffer, log: LogName & { wantedOffset: number }): BatchSurvey {
  const survey: BatchSurvey = { wholeBytes: 0, offsetAfter: null, codecs: new Set() };
  let batch = 0;
  while (batch + headerBytes <= set.length) {
    const offset = baseOffset(set, batch);
    const format = set.readInt8(batch + formatAt);
    if (format !== newestFormat) {
      const reason = `message format v${format} is not supported, only v${newestFormat} (Kafka 0.11 and later)`;
      throw new UnreadableLog(log, { offset, reason });
    }
    const end = positionAfter(set, batch);
    if (end < batch + headerBytes)
      throw new UnreadableLog(log, { offset, reason: 'a batch has no valid length' });
    if (end > set.length) break;
    const number = codecNumber(set, batch);
    if (number !== codec.none) survey.codecs.add(number);
    survey.offsetAfter = offsetAfter(set, batch);
    survey.wholeBytes = end;
    batch = end;
  }
  // Brokers send the first batch whole, so that there is always progress; without it we would ask for ever.
  if (batch === 0 && set.length > 0) {
    throw new UnreadableLog(log, { offset: log.wantedOffset, reason: 'the first batch is cut off' });
  }
  return survey;
}
