/** What a line of the input says. */
export interface LogRecord {
  partition: number;
  /** null: the one after the partition's last. */
  offset: number | null;
  /** Kafka's own, epoch milliseconds; null: none, so no future guard. */
  timestampMs: number | null;
  value: string | null;
}

/** The line is the value. */
export function valueRecord(line: string): LogRecord {
  return { partition: 0, offset: null, timestampMs: null, value: line };
}

/**
 * The line is a record, `{"partition","offset","timestamp","key","value"}`. Numbers may also be strings of digits, as some clients print
 * them; a value that is no text is taken as its JSON. A line that is no record becomes one of partition 0 that is rejected.
 */
export function jsonRecord(line: string): LogRecord {
  return parseRecord(line) ?? { partition: 0, offset: null, timestampMs: null, value: null };
}

/** The partitions that {@link jsonRecord} finds in all the lines. */
export async function partitionsIn(input: AsyncIterable<readonly string[]>): Promise<Set<number>> {
  const partitions = new Set<number>();
  for await (const lines of input) for (const line of lines) partitions.add(jsonRecord(line).partition);
  return partitions;
}

function parseRecord(line: string): LogRecord | null {
  try {
    const fields = JSON.parse(line) as Record<string, unknown> | null;
    if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return null;
    const partition = integer(fields['partition']);
    const offset = integer(fields['offset']);
    const timestampMs = integer(fields['timestamp']);
    if (partition === undefined || offset === undefined || timestampMs === undefined) return null;
    if (partition !== null && partition < 0) return null;
    return { partition: partition ?? 0, offset, timestampMs, value: valueText(fields['value']) };
  } catch {
    return null; // no JSON, or nested too deeply to be written as JSON again
  }
}

/** null where it is absent; undefined where it is something else. */
function integer(value: unknown): number | null | undefined {
  if (value === undefined || value === null) return null;
  const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined;
}

function valueText(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
