import { parseEventTime } from '../../domain/eventTime.js';
import { unescapeField } from './unescape.js';

/** One request of an access log as an event of the hits and sessions pipelines (docs/pipelines.md), with three fields more. */
export interface AccessLogEvent {
  /** The request's target as the client sent it, with its query; null where the request line is none. */
  url: string | null;
  referrer: string | null;
  user_agent: string | null;
  host: string | null;
  ip: string | null;
  /** ISO-8601 with the zone of the log. */
  event_time: string;
  method: string | null;
  status: number | null;
  bytes: number | null;
}

const VHOST = String.raw`(?:([^\s:]+):\d{1,5} )?`; // an IPv6 client has more than one colon, so it is never taken for a host
const USER = String.raw`[^"[]+`; // may hold spaces; without the exclusions two torn lines in one would pass for one request
const TIME = String.raw`\[(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d)\]`;
const QUOTED = String.raw`"([^"\\]*(?:\\.[^"\\]*)*)"`;
const LINE = new RegExp(
  String.raw`^${VHOST}(\S+) \S+ ${USER} ${TIME} ${QUOTED} (\d{3}|-) (\d+|-)(?: ${QUOTED} ${QUOTED}(?: .*)?)?$`,
);
const REQUEST = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (.+?)(?: HTTP\/\d(?:\.\d)?)?$/s;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/**
 * Reads one line of an access log, without its line end and as one character a byte ("latin1"): Apache's and nginx's `combined` (with
 * or without further fields behind it), `common`, and either with `vhost:port` in front. `-` is null.
 *
 * Null where the line is none of these: cut off inside a field, not a day of the calendar, not a log line at all. (A combined line cut
 * off exactly behind its size cannot be told from a common one.)
 *
 * @param defaultHost the host of lines that name none
 */
export function parseAccessLogLine(line: string, defaultHost: string | null): AccessLogEvent | null {
  const match = LINE.exec(line);
  if (!match) return null;
  const [
    ,
    vhost,
    client,
    day,
    month,
    year,
    clock,
    zoneHours,
    zoneMinutes,
    request,
    status,
    bytes,
    referrer,
    agent,
  ] = match;
  const monthNumber = String(MONTHS.indexOf(month!) + 1).padStart(2, '0');
  const zone = `${zoneHours!}:${zoneMinutes!}`;
  const eventTime = `${year!}-${monthNumber}-${day!}T${clock!}${/[+-]00:00/.test(zone) ? 'Z' : zone}`;
  if (parseEventTime(eventTime) === null) return null;

  const [, method, target] = REQUEST.exec(unescapeField(request!)) ?? [];
  return {
    url: target ?? null,
    referrer: field(referrer),
    user_agent: field(agent),
    host: field(vhost) ?? defaultHost,
    ip: field(client),
    event_time: eventTime,
    method: method ?? null,
    status: number(status!),
    bytes: number(bytes!),
  };
}

function field(bytes: string | undefined): string | null {
  return bytes === undefined || bytes === '-' ? null : unescapeField(bytes);
}

function number(digits: string): number | null {
  return digits === '-' ? null : Number(digits);
}
