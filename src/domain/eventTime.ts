/**
 * Event time, as docs/semantics.md accepts it:
 *
 * - ISO-8601 with seconds, with or without a fraction, with `Z` or an offset: `2015-05-17T10:05:03.123Z`, `…+02:00`, `…+0200`, `…+02`
 * - `YYYY-MM-DD HH:MM:SS[.fff]`, read as UTC
 * - epoch seconds or milliseconds as a number or a string of digits (from 1e11 on: milliseconds)
 *
 * Fractions finer than a millisecond are cut off. Years 1 to 9999.
 */
import { LATEST, type Instant } from './instant.js';

const FIRST: Instant = Date.UTC(2001, 0, 1) - 2000 * 365.2425 * 86_400_000; // 0001-01-01T00:00:00Z
const MILLISECONDS_FROM = 1e11;
const DAY_MS = 86_400_000;

/** The event time in `value`, or null where it is of no accepted form. */
export function parseEventTime(value: unknown): Instant | null {
  if (typeof value === 'string')
    return value.charCodeAt(4) === DASH ? parseCalendar(value) : parseDigits(value);
  if (typeof value === 'number') return fromEpoch(value);
  return null;
}

function parseDigits(text: string): Instant | null {
  return /^\d+$/.test(text) ? fromEpoch(Number(text)) : null;
}

function fromEpoch(value: number): Instant | null {
  if (value >= MILLISECONDS_FROM) return inRange(Math.floor(value));
  // By way of microseconds: 533551.683 * 1000 is a little less than 533551683.
  return inRange(Math.floor(Math.round(value * 1e6) / 1000));
}

function inRange(time: number): Instant | null {
  return time >= FIRST && time <= LATEST ? time : null; // NaN fails both
}

const DASH = 0x2d;
const COLON = 0x3a;
const SPACE = 0x20;
const DOT = 0x2e;
const PLUS = 0x2b;
const UPPER_T = 0x54;
const UPPER_Z = 0x5a;

/** Two digits at `at` as a number, or NaN. */
function two(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NaN;
}

/** By hand rather than by Date.parse: that reads a time without a zone as local time, takes 30 February, and costs twice as much. */
function parseCalendar(text: string): Instant | null {
  const separator = text.charCodeAt(10);
  const iso = separator === UPPER_T;
  if (!iso && separator !== SPACE) return null;
  if (text.charCodeAt(13) !== COLON || text.charCodeAt(16) !== COLON) return null;
  const day = dayOf(text.slice(0, 10));
  const hour = two(text, 11);
  const minute = two(text, 14);
  const second = two(text, 17);
  if (day === null || !(hour < 24) || !(minute < 60) || !(second < 60)) return null;

  let at = 19;
  let millisecond = 0;
  if (text.charCodeAt(at) === DOT) {
    const start = ++at;
    for (let scale = 100; ; scale = Math.trunc(scale / 10), at++) {
      const digit = text.charCodeAt(at) - 48;
      if (!(digit >= 0 && digit <= 9)) break;
      millisecond += digit * scale;
    }
    if (at === start) return null;
  }
  const offset = iso ? zoneOffsetMs(text, at) : at === text.length ? 0 : null;
  return offset === null
    ? null
    : inRange(day + (hour * 60 + minute) * 60_000 + second * 1000 + millisecond - offset);
}

/** What the zone that begins at `at` and must end the text is ahead of UTC; null where there is none. */
function zoneOffsetMs(text: string, at: number): number | null {
  const sign = text.charCodeAt(at);
  if (sign === UPPER_Z) return at + 1 === text.length ? 0 : null;
  if (sign !== PLUS && sign !== DASH) return null;
  const hours = two(text, at + 1);
  let end = at + 3;
  let minutes = 0;
  if (end < text.length) {
    if (text.charCodeAt(end) === COLON) end++;
    minutes = two(text, end);
    end += 2;
  }
  if (end !== text.length || !(hours < 24) || !(minutes < 60)) return null;
  return (sign === PLUS ? 1 : -1) * (hours * 60 + minutes) * 60_000;
}

/** Start of the day `YYYY-MM-DD` in UTC, or null where the calendar has no such day. */
function dayOf(text: string): Instant | null {
  const century = two(text, 0);
  const year = century * 100 + two(text, 2);
  const month = two(text, 5);
  const date = two(text, 8);
  if (text.charCodeAt(7) !== DASH || !(year >= 0) || !(month >= 1 && month <= 12) || !(date >= 1))
    return null;
  if (date > daysIn(year, month)) return null;
  // Days since 1970-01-01 in the proleptic Gregorian calendar, counted in years that begin in March.
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + date - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return (era * 146_097 + dayOfEra - 719_468) * DAY_MS;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
