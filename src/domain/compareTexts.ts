/** Null first, then by code point: `<` compares UTF-16 units, which puts U+1F600 before U+FFFD. */
export function compareTexts(a: string | null, b: string | null): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  const shorter = Math.min(a.length, b.length);
  for (let at = 0; at < shorter; at++) {
    const unitA = a.charCodeAt(at);
    const unitB = b.charCodeAt(at);
    if (unitA !== unitB) return Number(isSurrogate(unitA)) - Number(isSurrogate(unitB)) || unitA - unitB;
  }
  return a.length - b.length;
}

/** Half of a code point above U+FFFF. Texts are well-formed (jsonEvent.ts), so halves stand in pairs. */
function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}
