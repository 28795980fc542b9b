/** How entries differ from those that are wanted, in whatever order; null where they do not. */
export function difference<K, V>(
  what: string,
  found: Iterable<[K, V]>,
  wanted: Iterable<[K, V]>,
): string | null {
  const sorted = (entries: Iterable<[K, V]>) => [...entries].map((entry) => JSON.stringify(entry)).sort();
  const [is, should] = [sorted(found).join(' '), sorted(wanted).join(' ')];
  return is === should ? null : `${what}: ${is} instead of ${should}`;
}
