import { parseEventTime } from '../../domain/eventTime.js';
import type { Decoded } from '../../domain/fold.js';
import { LATEST, type Instant } from '../../domain/instant.js';
import { textField, type JsonEvent, type JsonObject } from '../jsonEvent.js';
import { JsonFields } from '../jsonFields.js';
import type { UserAgent } from './agent.js';
import { sessionKey } from './key.js';

/** A record as sessions take it. */
export interface Visit {
  key: string;
  attributes: VisitAttributes;
}

/** What a session takes from its earliest record. */
interface VisitAttributes {
  userAgent: UserAgent;
  host: string | null;
}

/** Which time counts: that of the event, or Kafka's of the record. */
export type SessionTime = 'event_time' | 'record';

/** User and address stand in indexes, whose entries end at 2.7 kB. In UTF-16 units. */
const LONGEST_KEY_FIELD = 512;

/** What {@link decodeVisit} looks at. */
export const VISIT_FIELDS = new JsonFields({
  event_time: null,
  user_id: null,
  ip: null,
  host: null,
  user_agent: { family: null, os: { family: null }, device: { family: null } },
});

/**
 * A visit from an event. Needed: a time, and `user_id`, `ip`, `user_agent`, `host`, all nullable; other fields are ignored,
 * whatever their type. By hand rather than by a schema library: this runs for every event.
 */
export function decodeVisit(
  event: JsonEvent,
  { timestampMs, time: timeOf }: { timestampMs: number | null; time: SessionTime },
): Decoded<Visit> {
  if (typeof event === 'string') return { reason: event };
  const time = timeOf === 'record' ? recordTime(timestampMs) : parseEventTime(event['event_time']);
  if (time === null) return { reason: 'bad_time' };
  const userId = userIdOf(event['user_id']);
  if (userId === undefined) return { reason: 'bad_field: user_id' };
  const ip = keyField(event['ip']);
  if (ip === undefined) return { reason: 'bad_field: ip' };
  const userAgent = userAgentOf(event['user_agent']);
  if (userAgent === undefined) return { reason: 'bad_field: user_agent' };
  const host = textField(event['host']);
  if (host === undefined) return { reason: 'bad_field: host' };
  return { reason: null, time, item: { key: sessionKey(userId, ip), attributes: { userAgent, host } } };
}

/** Kafka's -1 means none, and it takes any other number, too. */
function recordTime(timestampMs: number | null): Instant | null {
  return timestampMs !== null && timestampMs >= 0 && timestampMs <= LATEST ? timestampMs : null;
}

/** 17 and "17" are one user. Beyond 2^53 JSON numbers lose digits, and two users would become one. */
function userIdOf(value: unknown): string | null | undefined {
  if (typeof value !== 'number') return keyField(value);
  return Number.isSafeInteger(value) ? String(value) : undefined;
}

function keyField(value: unknown): string | null | undefined {
  const text = textField(value);
  return typeof text === 'string' && text.length > LONGEST_KEY_FIELD ? undefined : text;
}

function userAgentOf(value: unknown): UserAgent | undefined {
  if (typeof value !== 'object' || value === null) return textField(value);
  if (Array.isArray(value)) return undefined;
  const { family, device, os } = value as JsonObject;
  const browser = textField(family);
  const osFamily = familyOf(os);
  const deviceFamily = familyOf(device);
  if (browser === undefined || osFamily === undefined || deviceFamily === undefined) return undefined;
  return { browser, os: osFamily, device: deviceFamily };
}

function familyOf(value: unknown): string | null | undefined {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'object' || Array.isArray(value)) return undefined;
  return textField((value as JsonObject)['family']);
}
