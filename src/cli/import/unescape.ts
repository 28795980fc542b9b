import { isUtf8 } from 'node:buffer';

const SIMPLE: Record<string, string> = {
  '"': '"',
  '\\': '\\',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|([\\"bfnrtv]))/g;
const SPECIAL = /[\\\x80-\xff]/; // an escape, or a byte beyond ASCII

/**
 * The text of a quoted field of an access log, from its bytes (one character a byte, "latin1"), with the escapes of Apache and nginx
 * undone: `\"`, `\\`, `\n` and the like, `\xhh` for any byte.
 *
 * Nothing is made up and nothing disappears: where the bytes behind `\xhh` are not UTF-8 (an old browser's own code page), those
 * escapes stay as the log spells them, and so does `\x00`, since U+0000 has no place in an event (docs/semantics.md). An unknown
 * escape keeps its backslash. Raw bytes that are not UTF-8 become U+FFFD.
 */
export function unescapeField(bytes: string): string {
  if (!SPECIAL.test(bytes)) return bytes;
  const undone = Buffer.from(undo(bytes, 0xff), 'latin1');
  return (isUtf8(undone) ? undone : Buffer.from(undo(bytes, 0x7f), 'latin1')).toString('utf8');
}

function undo(bytes: string, highest: number): string {
  return bytes.replace(ESCAPE, (escape, hex: string | undefined, simple: string | undefined) => {
    if (simple !== undefined) return SIMPLE[simple]!;
    const byte = Number.parseInt(hex!, 16);
    return byte > 0 && byte <= highest ? String.fromCharCode(byte) : escape;
  });
}
