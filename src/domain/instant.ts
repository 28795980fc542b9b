/** A point in time: epoch milliseconds, a whole number. Durations are plain numbers whose names end in `Ms`. */
export type Instant = number;

/** The last instant that event times and time stamps may have: the end of year 9999. */
export const LATEST: Instant = 253_402_300_799_999;

/** ISO-8601 in UTC with milliseconds; null for none. */
export function formatInstant(instant: Instant | null): string | null {
  return instant === null ? null : new Date(instant).toISOString();
}

/** The later of two instants, where none (`null`) is earlier than any. */
export function latest(a: Instant | null, b: Instant | null): Instant | null {
  if (a === null) return b;
  return b === null || a >= b ? a : b;
}

/** The UTC day of an instant, `YYYY-MM-DD`. */
export function utcDay(at: Instant): string {
  return new Date(at).toISOString().slice(0, 10);
}
