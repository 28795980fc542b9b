const UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * A duration such as `5m`, `30s`, `250ms`, `1h`, `1.5s`, `-100ms`, in milliseconds; null where the text is none or is not a whole
 * number of milliseconds.
 */
export function parseDuration(text: string): number | null {
  const match = /^(-?\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  if (!match) return null;
  const ms = Number(match[1]) * UNITS[match[2]!]!;
  return Number.isSafeInteger(ms) ? ms : null;
}

/** The shortest text that {@link parseDuration} reads back as `ms`. */
export function formatDuration(ms: number): string {
  for (const unit of ['h', 'm', 's'] as const) {
    if (ms !== 0 && ms % UNITS[unit]! === 0) return `${ms / UNITS[unit]!}${unit}`;
  }
  return `${ms}ms`;
}
