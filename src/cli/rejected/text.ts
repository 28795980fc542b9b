/** How bytes of records are shown to people. */

/** As text where they are UTF-8, else in hex; null: there are none. */
export function asText(bytes: Buffer): { encoding: 'utf8' | 'hex'; text: string } {
  try {
    return {
      encoding: 'utf8',
      text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
    };
  } catch {
    return { encoding: 'hex', text: bytes.toString('hex') };
  }
}

const SHOWN_CHARACTERS = 60;

/**
 * The beginning of a value in one line, without anything that a terminal would obey. `bytes` may end within a character.
 * @param length of the whole value, in bytes
 */
export function beginningOf(bytes: Buffer | null, length: number): string {
  if (bytes === null) return '(null)';
  if (length === 0) return '(empty)';
  const text = printable(bytes.toString('utf8').replaceAll(/\s/g, ' '));
  const shown = Array.from(text).slice(0, SHOWN_CHARACTERS).join('');
  return shown.length < text.length || length > bytes.length ? `${shown}…` : shown;
}

/** Control characters but for tabs and line ends, and those that turn the direction of writing, become U+FFFD. */
export function printable(text: string): string {
  return text.replaceAll(/[^\P{Cc}\t\n]|[\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{FFFD}');
}
