import { eventJson, type EventParts } from './events.js';
import type { Random } from './random.js';

/** What goes wrong upstream, and the reason with which the pipelines reject it (docs/semantics.md, time). */
const KINDS: readonly ((parts: EventParts) => string)[] = [
  (parts) => cutOff(eventJson(parts)), // bad_json
  (parts) => `${parts.ip.slice(1, -1)} - - "GET ${parts.url.slice(1, -1)} HTTP/1.1" 400 0`, // not JSON at all: bad_json
  (parts) => eventJson({ ...parts, referrer: '404' }), // wrong type: bad_field
  (parts) => eventJson({ ...parts, referrer: String.raw`"https://www.example.org/\u0000"` }), // NUL: bad_field
  (parts) => eventJson({ ...parts, eventTime: 'null' }), // time missing: bad_time
  () => '', // empty
];

/** A value that the hits pipeline rejects, of one of the kinds above by chance; sessions do not need a referrer. */
export function malformedValue(parts: EventParts, random: Random): string {
  return KINDS[random.below(KINDS.length)]!(parts);
}

function cutOff(text: string): string {
  return text.slice(0, Math.floor(text.length * 0.6));
}
