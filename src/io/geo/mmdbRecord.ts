import { isNowhere, type Place } from './place.js';

/**
 * The place of an MMDB record, in either shape: MaxMind's nested one (`country.iso_code`, `subdivisions[0].names.en`, `city.names.en`)
 * or the flat one of ip-location-db (`country_code`, `state1` or `region`, `city`). Null where it names none.
 */
export function placeOfRecord(record: unknown): Place | null {
  if (!isObject(record)) return null;
  const subdivisions = record['subdivisions'];
  const place = {
    country: name(at(record, 'country', 'iso_code')) ?? name(record['country_code']),
    state:
      name(at(Array.isArray(subdivisions) ? subdivisions[0] : undefined, 'names', 'en')) ??
      name(record['state1']) ??
      name(record['region']),
    city: name(at(record, 'city', 'names', 'en')) ?? name(record['city']),
  };
  return isNowhere(place) ? null : place;
}

function at(value: unknown, ...path: string[]): unknown {
  return path.reduce((inner, key) => (isObject(inner) ? inner[key] : undefined), value);
}

function name(value: unknown): string | null {
  return typeof value === 'string' && value !== '' && value !== '-' ? value : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
