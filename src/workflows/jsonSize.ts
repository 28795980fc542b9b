/** About what a number takes in our states: offsets, counts, times relative to a base. */
const NUMBER_CHARACTERS = 7;

/**
 * How many characters plain JSON has, about; where they are more than `limit`, any number above it. An estimate: it walks the value, at a
 * small part of the cost of writing it out, and stops where the limit is passed.
 */
export function sizeUpTo(limit: number, value: unknown): number {
  return limit - rest(limit, value);
}

/** Whether {@link sizeUpTo} is at most `limit`. */
export function isAtMost(limit: number, value: unknown): boolean {
  return sizeUpTo(limit, value) <= limit;
}

function rest(limit: number, value: unknown): number {
  if (limit < 0) return limit;
  if (typeof value === 'string') return limit - value.length - 3;
  if (typeof value !== 'object' || value === null) return limit - NUMBER_CHARACTERS;
  let left = limit - 2;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length && left >= 0; i++) left = rest(left, value[i]);
  } else {
    for (const [key, each] of Object.entries(value)) left = rest(left - key.length - 4, each);
  }
  return left;
}
