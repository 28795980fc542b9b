import { describe, expect, it } from 'vitest';
import { createCountryReader } from '../../../src/io/geo/countries.js';

describe('the country of an address', () => {
  it('is asked once, of public addresses only, and again when the database was replaced', () => {
    const asked: string[] = [];
    const mmdb = {
      version: 1,
      lookUp(address: string) {
        asked.push(address);
        return address === '8.8.8.8' ? { country: `C${this.version}`, state: null, city: null } : null;
      },
    };
    const countryOf = createCountryReader(mmdb);
    const all = ['8.8.8.8', '8.8.8.8', '8.8.4.4', '192.168.0.1', 'x', ''];
    expect(all.map(countryOf)).toEqual(['C1', 'C1', null, null, null, null]);
    expect(asked).toEqual(['8.8.8.8', '8.8.4.4']);
    mmdb.version = 2;
    expect(countryOf('8.8.8.8')).toBe('C2');
  });
});
