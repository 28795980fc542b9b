const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * A duration such as `5m`, `30s`, `250ms`, `1h`, `1.5s`, `-100ms`, in milliseconds; null where the text is none or is not a whole
 * number of milliseconds.
 */
export function parseDuration(text: string): number | null {
  const match = /^(-?\d+)(?:\.(\d+))?(ms|s|m|h)$/.exec(text);
  if (!match) return null;
  const [, whole = '', fraction = '', unit = ''] = match;
  // Divided at the end: 1.001 * 1000 would not be whole.
  const ms = (Number(whole + fraction) * UNITS[unit]!) / 10 ** fraction.length;
  return Number.isSafeInteger(ms) ? ms : null;
}

/** A text that {@link parseDuration} reads back as `ms`, in the largest unit of which it is a whole number. */
export function formatDuration(ms: number): string {
  for (const unit of ['h', 'm', 's'] as const) {
    if (ms !== 0 && Number.isInteger(ms / UNITS[unit]!)) return `${ms / UNITS[unit]!}${unit}`;
  }
  return `${ms}ms`;
}
