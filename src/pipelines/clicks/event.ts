import { hash } from 'node:crypto';
import { parseEventTime } from '../../domain/eventTime.js';
import type { Decoded } from '../../domain/fold.js';
import { textField, type JsonEvent, type JsonObject } from '../jsonEvent.js';
import { JsonFields } from '../jsonFields.js';
import type { FieldNames } from '../jsonScan.js';
import { KEY_CHARS } from './columns.js';
import type { ClickItem } from './operator.js';

/** Country of an address as an ISO code, from what is there locally; null where it is not known. Called for every event that names none. */
export type CountryReader = (ip: string) => string | null;

/** As for sessions: whoever is a user here can be one there. In UTF-16 units. */
const LONGEST_USER = 512;
const NOTHING: JsonObject = {};

/** Fields that stand in `click_data` or beside it. */
const EITHER: FieldNames = { timestamp: null, user_id: null, url: null, click_url: null, ip: null };

/** What {@link decodeClick} looks at. */
export const CLICK_FIELDS = new JsonFields({
  ...EITHER,
  key: null,
  row_key: null,
  event_id: null,
  country: null,
  click_data: EITHER,
  geo_data: { country: null },
});

/**
 * A click from an event. Fields stand in `click_data` and `geo_data`, or beside them in the event itself, which is looked at where
 * the former have none; several have more than one name (docs/clicks.md, event). By hand rather than by a schema library: this runs for
 * every event.
 */
export function decodeClick(event: JsonEvent, countryOf: CountryReader): Decoded<ClickItem> {
  if (typeof event === 'string') return { reason: event };
  const clickData = objectField(event['click_data']);
  const click = clickData ?? NOTHING;
  const time = parseEventTime(click['timestamp'] ?? event['timestamp']);
  if (time === null) return { reason: 'bad_time' };
  if (clickData === undefined) return { reason: 'bad_field: click_data' };
  const key = textField(event['key'] ?? event['row_key'] ?? event['event_id']);
  if (key === undefined) return { reason: 'bad_field: key' };
  const user = userOf(click['user_id'] ?? event['user_id']);
  if (user === undefined) return { reason: 'bad_field: user_id' };
  const url = textField(click['url'] ?? click['click_url'] ?? event['url'] ?? event['click_url']);
  if (url === undefined) return { reason: 'bad_field: url' };
  const geoData = objectField(event['geo_data']);
  if (geoData === undefined) return { reason: 'bad_field: geo_data' };
  let country = textField(geoData?.['country'] ?? event['country']);
  if (country === undefined) return { reason: 'bad_field: country' };
  if (country === null) {
    const ip = textField(click['ip'] ?? event['ip']);
    if (ip === undefined) return { reason: 'bad_field: ip' };
    if (ip !== null) country = countryOf(ip);
  }
  return { reason: null, time, item: { key: key === null ? null : keyHash(key), user, url, country } };
}

/** The first 96 bits of SHA-256, as base64. */
export function keyHash(key: string): string {
  return hash('sha256', key, 'base64').slice(0, KEY_CHARS);
}

/** 17 and "17" are one user. Beyond 2^53 JSON numbers lose digits, and two users would become one. */
function userOf(value: unknown): string | null | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined;
  const text = textField(value);
  return typeof text === 'string' && text.length > LONGEST_USER ? undefined : text;
}

/** null where there is none, `undefined` where it is something else. */
function objectField(value: unknown): JsonObject | null | undefined {
  if (value === null || value === undefined) return null;
  return typeof value === 'object' && !Array.isArray(value) ? (value as JsonObject) : undefined;
}
