import { setTimeout as sleep } from 'node:timers/promises';

/** Resolves with the first value that is neither null nor false; rejects with what was awaited when there is none in time. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | null | false>,
  limitMs = 60_000,
): Promise<T> {
  const limit = Date.now() + limitMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await look();
      if (value !== null && value !== false) return value;
    } catch (error) {
      last = error;
    }
    if (Date.now() > limit) throw new Error(`waited ${limitMs / 1000} s for ${what}`, { cause: last });
    await sleep(50);
  }
}
