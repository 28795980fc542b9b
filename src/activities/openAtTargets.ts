import type { OffsetRange } from '../io/kafka/brokers.js';
import type { ReaderPool } from '../io/kafka/readerPool.js';
import { decodeMessage } from './regroupMessage.js';

const FETCH_BYTES = 1_000_000;

interface Dependencies {
  readers: ReaderPool;
  describeTopic: (topic: string) => Promise<OffsetRange[]>;
}

/**
 * By source, the smallest of its offsets that anything which targets hold open depends on. Each target knows from which message of the
 * internal topic on it could be rebuilt, and a message says which offsets it is about; those of a source follow each other, so the first is
 * enough. A source of which no message is left is left out: nothing of it is open.
 */
export async function openAtTargets(
  { readers, describeTopic }: Dependencies,
  topic: string,
  targets: { partition: number; rebuildFrom: number }[],
): Promise<Map<number, number>> {
  const ends = new Map((await describeTopic(topic)).map((each) => [each.partition, each.endOffset]));
  const open = new Map<number, number>();
  for (const { partition, rebuildFrom } of targets) {
    const reader = readers.acquire(topic, partition);
    const seen = new Set<number>();
    try {
      for (let offset = rebuildFrom; offset < (ends.get(partition) ?? 0);) {
        const { records } = await reader.fetch({ offset, maxWaitMs: 0, maxBytes: FETCH_BYTES });
        while (records.next()) {
          const { source, from } = decodeMessage(records.value()!);
          if (!seen.has(source)) open.set(source, Math.min(from, open.get(source) ?? Infinity));
          seen.add(source);
        }
        offset = records.nextOffset;
      }
      readers.release(reader);
    } catch (error) {
      readers.discard(reader);
      throw error;
    }
  }
  return open;
}
