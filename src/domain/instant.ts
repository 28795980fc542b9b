/** A point in time: epoch milliseconds, a whole number. Durations are plain numbers whose names end in `Ms`. */
export type Instant = number;

/** The later of two instants, where none (`null`) is earlier than any. */
export function latest(a: Instant | null, b: Instant | null): Instant | null {
  if (a === null) return b;
  return b === null || a >= b ? a : b;
}
