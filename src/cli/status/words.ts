/** Numbers as people read them. */

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** How long, in its two largest units: `0 s`, `<1 s`, `59 s`, `1m 00s`, `2h 05m`, `3d 04h`. */
export function howLong(ms: number): string {
  if (ms <= 0) return '0 s';
  if (ms < SECOND_MS) return '<1 s';
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`;
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)}m ${two((ms % MINUTE_MS) / SECOND_MS)}s`;
  if (ms < DAY_MS) return `${Math.floor(ms / HOUR_MS)}h ${two((ms % HOUR_MS) / MINUTE_MS)}m`;
  return `${Math.floor(ms / DAY_MS)}d ${two((ms % DAY_MS) / HOUR_MS)}h`;
}

const THOUSAND = 1000;

/** `999 B`, `1.0 kB`, `24 kB`, `1.5 MB`. */
export function howLarge(bytes: number): string {
  if (bytes < THOUSAND) return `${bytes} B`;
  const kilo = bytes / THOUSAND;
  return Math.round(kilo) < THOUSAND ? `${short(kilo)} kB` : `${short(kilo / THOUSAND)} MB`;
}

/** A rate: `0`, `<0.1`, `0.4`, `9.9`, `10`, `25000`. */
export function howFast(perSecond: number): string {
  if (perSecond > 0 && perSecond < 0.05) return '<0.1';
  return perSecond === 0 ? '0' : short(perSecond);
}

/** One decimal below 10. */
function short(value: number): string {
  return value < 9.95 ? value.toFixed(1) : String(Math.round(value));
}
