import {
  headerBytes,
  isControl,
  isTransactional,
  offsetAfter,
  producerId,
  recordCount,
} from './recordBatch.js';

/** A fetch's answer lists those that touch its range, also when they began before it. */
export interface AbortedTransaction {
  producerId: number;
  firstOffset: number;
}

/**
 * Follows aborted transactions through a set of batches; the result must see every batch, in order, and says for
 * each whether its records belong to a transaction that was aborted.
 *
 * A producer's transaction is aborted from its `firstOffset` up to its next abort marker; what the producer writes
 * after the marker is another transaction.
 */
export function abortedBatches(
  batches: Buffer,
  transactions: AbortedTransaction[],
): (batch: number) => boolean {
  if (transactions.length === 0) return () => false;
  const waiting = transactions.toSorted((a, b) => a.firstOffset - b.firstOffset);
  const aborting = new Set<number>();
  return (batch) => {
    const end = offsetAfter(batches, batch);
    while (waiting[0] !== undefined && waiting[0].firstOffset < end)
      aborting.add(waiting.shift()!.producerId);
    if (!isTransactional(batches, batch)) return false;
    const producer = producerId(batches, batch);
    if (!isControl(batches, batch)) return aborting.has(producer);
    if (aborting.has(producer) && isAbortMarker(batches, batch)) aborting.delete(producer);
    return false;
  };
}

const abortMarker = 0;

/** The key of a control record is version (2 bytes) and type (2). Compaction may have emptied the batch. */
function isAbortMarker(batches: Buffer, batch: number): boolean {
  if (recordCount(batches, batch) <= 0) return false;
  const afterAttributes = afterVarint(batches, batch + headerBytes) + 1;
  const afterTimestamp = afterVarint(batches, afterAttributes);
  const afterOffset = afterVarint(batches, afterTimestamp);
  const key = afterVarint(batches, afterOffset);
  return batches.readInt16BE(key + 2) === abortMarker;
}

function afterVarint(bytes: Buffer, at: number): number {
  let end = at;
  while (bytes[end]! >= 0x80) end += 1;
  return end + 1;
}
