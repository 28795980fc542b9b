/**
 * A text, or none, so that several behind each other can be told apart: `-` for null, else `=`, the length in UTF-8 bytes, `:`, and the
 * text.
 */
export function nullSafe(text: string | null): string {
  return text === null ? '-' : `=${Buffer.byteLength(text)}:${text}`;
}
