import type { LogReader, RecordCursor } from '../../src/io/kafka/logReader.js';

export interface ReadRecord {
  offset: number;
  timestampMs: number;
  key: string | null;
  value: string | null;
}

/** Copies what the cursor shows, up to `limit` records. */
export function take(cursor: RecordCursor, limit = Number.POSITIVE_INFINITY): ReadRecord[] {
  const taken: ReadRecord[] = [];
  while (taken.length < limit && cursor.next()) {
    const { offset, timestampMs } = cursor;
    taken.push({
      offset,
      timestampMs,
      key: cursor.key()?.toString() ?? null,
      value: cursor.value()?.toString() ?? null,
    });
  }
  return taken;
}

/** Reads from an offset until `nextOffset` reaches another, with as many fetches as it takes. */
export async function readTo(
  reader: LogReader,
  range: { from: number; to: number; maxBytes?: number },
): Promise<{ records: ReadRecord[]; nextOffset: number }> {
  const records: ReadRecord[] = [];
  let offset = range.from;
  while (offset < range.to) {
    const fetched = await reader.fetch({ offset, maxWaitMs: 1_000, maxBytes: range.maxBytes ?? 1 << 20 });
    records.push(...take(fetched.records));
    offset = fetched.records.nextOffset;
  }
  return { records, nextOffset: offset };
}
