/** What every pipeline's event has in common: a JSON object with an event time and nullable text fields (docs/semantics.md, reasons). */

export type JsonObject = Record<string, unknown>;

/** An event as a JSON object, or why it is none: `empty` for null and zero length, `bad_json` for anything but an object. */
export type JsonEvent = JsonObject | 'empty' | 'bad_json';

/** The event in a text. */
export function parseObject(text: string | null): JsonEvent {
  if (text === null || text.length === 0) return 'empty';
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as JsonObject)
      : 'bad_json';
  } catch {
    return 'bad_json';
  }
}

/** Longer texts could not be carried from poll to workflow, where a payload ends at 2 MiB. In UTF-16 units. */
const LONGEST_TEXT = 262_144;

/**
 * A nullable text field as it is grouped by and stored: absent is null, lone surrogates become U+FFFD. `undefined` where the value is
 * not a text, one with U+0000 in it, which Postgres cannot store, or one that is longer than {@link LONGEST_TEXT}.
 */
export function textField(value: unknown): string | null | undefined {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'string' || value.length > LONGEST_TEXT || value.includes('\0')) return undefined;
  return value.isWellFormed() ? value : value.toWellFormed();
}
