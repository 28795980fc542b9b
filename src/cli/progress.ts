const EVERY_MS = 5_000;

/**
 * Tells a person every five seconds how far a long command is, on one line each.
 *
 * @param print takes the line
 * @returns to be called often with the count so far
 */
export function progressEvery(print: (line: string) => void): (count: number, unit: string) => void {
  const start = performance.now();
  let last = start;
  return (count, unit) => {
    const now = performance.now();
    if (now - last < EVERY_MS) return;
    last = now;
    print(
      `${formatCount(count)} ${unit} so far, ${formatCount(Math.round((count * 1000) / (now - start)))}/s`,
    );
  };
}

/** 1234567 as `1,234,567`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}
