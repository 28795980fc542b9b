import type { Instant } from './instant.js';

/** The job's line (docs/semantics.md): the smallest watermark of its partitions; none while one of them has none. */
export function jobLine(watermarks: Iterable<Instant | null>): Instant | null {
  let line: Instant | null = null;
  for (const watermark of watermarks) {
    if (watermark === null) return null;
    if (line === null || watermark < line) line = watermark;
  }
  return line;
}
