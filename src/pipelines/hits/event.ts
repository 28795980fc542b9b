import { parseEventTime } from '../../domain/eventTime.js';
import type { Decoded } from '../../domain/fold.js';
import { textField, type JsonEvent } from '../jsonEvent.js';
import { JsonFields } from '../jsonFields.js';
import type { Hit } from './counts.js';

/** What {@link decodeHit} looks at. */
export const HIT_FIELDS = new JsonFields({ event_time: null, host: null, referrer: null });

/**
 * A hit from an event. Needed: `event_time`, and `host` and `referrer`, both nullable; other fields are ignored, whatever their
 * type. By hand rather than by a schema library: this runs for every event, and three fields need no more.
 */
export function decodeHit(event: JsonEvent): Decoded<Hit> {
  if (typeof event === 'string') return { reason: event };
  const time = parseEventTime(event['event_time']);
  if (time === null) return { reason: 'bad_time' };
  const host = textField(event['host']);
  if (host === undefined) return { reason: 'bad_field: host' };
  const referrer = textField(event['referrer']);
  if (referrer === undefined) return { reason: 'bad_field: referrer' };
  return { reason: null, time, item: { host, referrer } };
}
