import type { Reject } from '../domain/commit.js';
import { LATEST, type Instant } from '../domain/instant.js';
import type { RecordCursor } from '../io/kafka/logReader.js';

/** A raw value is kept up to this length: a payload of Temporal ends at 2 MiB. */
const RAW_BYTES = 1024 * 1024;
const RAW_KEY_BYTES = 64 * 1024;

/** What is kept of a rejected or late record, and about how many bytes that takes as JSON. */
export function rejectOf(record: RecordCursor, reason: string): { reject: Reject; bytes: number } {
  const raw = record.value();
  const key = record.key();
  const reject = {
    offset: record.offset,
    reason,
    timestampMs: storable(record.timestampMs),
    key: key?.toString('base64', 0, RAW_KEY_BYTES) ?? null,
    value: raw?.toString('base64', 0, RAW_BYTES) ?? null,
    valueBytes: raw?.length ?? null,
  };
  return { reject, bytes: 100 + ((raw?.length ?? 0) + (key?.length ?? 0)) * (4 / 3) };
}

/** Kafka takes any 64-bit number for a time stamp, -1 meaning none; Postgres does not. */
function storable(timestampMs: number): Instant | null {
  return timestampMs >= 0 && timestampMs <= LATEST ? timestampMs : null;
}
