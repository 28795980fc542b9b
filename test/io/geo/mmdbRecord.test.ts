import { expect, it } from 'vitest';
import { placeOfRecord } from '../../../src/io/geo/mmdbRecord.js';

it.each([
  [
    'nested',
    {
      country: { iso_code: 'US', names: { en: 'United States' } },
      subdivisions: [{ names: { en: 'Washington', de: 'x' } }, { names: { en: 'a county' } }],
      city: { names: { en: 'Milton' } },
    },
    { country: 'US', state: 'Washington', city: 'Milton' },
  ],
  ['nested, country alone', { country: { iso_code: 'US' } }, { country: 'US', state: null, city: null }],
  [
    'nested, without English names',
    { country: { iso_code: 'US' }, subdivisions: [{ names: { de: 'x' } }], city: { names: {} } },
    { country: 'US', state: null, city: null },
  ],
  [
    'flat with state1',
    { country_code: 'IE', state1: 'Leinster', state2: 'Dublin City', city: 'Dublin', latitude: 53 },
    { country: 'IE', state: 'Leinster', city: 'Dublin' },
  ],
  [
    'flat with region',
    { country_code: 'IE', region: 'Leinster' },
    { country: 'IE', state: 'Leinster', city: null },
  ],
  [
    'flat with empty texts and dashes',
    { country_code: 'IE', state1: '', city: '-' },
    { country: 'IE', state: null, city: null },
  ],
  ['without a place', { country_code: '', traits: {} }, null],
  ['with a continent alone', { continent: { code: 'EU' } }, null],
  ['of other types', { country_code: 5, subdivisions: 'x', city: ['x'] }, null],
  ['empty', {}, null],
  ['absent', null, null],
])('a record, %s', (_, record, place) => {
  expect(placeOfRecord(record)).toEqual(place);
});
