import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openMmdb, type Mmdb } from '../../../src/io/geo/mmdb.js';
import { mmdbOf } from '../../support/mmdb.js';

let folder: string;
let warnings: string[];
let opened: Mmdb[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-mmdb-'));
  warnings = [];
  opened = [];
});
afterEach(async () => {
  for (const each of opened) each.close();
  await rm(folder, { recursive: true });
});

async function file(name: string, content: Buffer | string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function open(...paths: string[]): Promise<Mmdb> {
  const mmdb = await openMmdb(paths, { warn: (message) => warnings.push(message) });
  opened.push(mmdb);
  return mmdb;
}

const V4 = () => mmdbOf(4, { '81.2.0.0/16': { country_code: 'GB', state1: 'England', city: 'London' } });
const V6 = () => mmdbOf(6, { '2a00::/16': { country_code: 'FR', state1: '', city: 'Paris' } });
const LONDON = { country: 'GB', state: 'England', city: 'London' };
const PARIS = { country: 'FR', state: null, city: 'Paris' };

describe('two files', () => {
  it.each([
    ['v4 first', ['4.mmdb', '6.mmdb']],
    ['v6 first', ['6.mmdb', '4.mmdb']],
  ])('serve an address each by its family, %s', async (_, names) => {
    await file('4.mmdb', V4());
    await file('6.mmdb', V6());
    const mmdb = await open(...names.map((name) => join(folder, name)));
    expect(mmdb.lookUp('81.2.69.142')).toEqual(LONDON);
    expect(mmdb.lookUp('81.3.0.0')).toBeNull();
    expect(mmdb.lookUp('2a00:1450::1')).toEqual(PARIS);
    expect(mmdb.lookUp('2a01::1')).toBeNull();
  });

  it('of the same family are refused', async () => {
    const paths = [await file('a.mmdb', V4()), await file('b.mmdb', V4())];
    await expect(open(...paths)).rejects.toThrow(/a\.mmdb and .*b\.mmdb are both for IPv4/);
  });
});

it('a file for IPv4 alone is never asked for an IPv6 address', async () => {
  // 5102::/16 begins with the bits of 81.2.0.0/16.
  const mmdb = await open(await file('4.mmdb', V4()));
  expect([mmdb.lookUp('5102:458e::'), mmdb.lookUp('2a00::1')]).toEqual([null, null]);
});

it('a file for IPv6 serves IPv4 from the place where that is kept in it', async () => {
  const both = mmdbOf(6, {
    '::5102:0/112': { country: { iso_code: 'GB' } },
    '2a00::/16': { country_code: 'FR' },
  });
  const mmdb = await open(await file('6.mmdb', both));
  expect(mmdb.lookUp('81.2.69.142')).toEqual({ country: 'GB', state: null, city: null });
  expect(mmdb.lookUp('2a00::1')).toEqual({ country: 'FR', state: null, city: null });
});

it.each([
  ['absent', null],
  ['empty', ''],
  ['no MMDB', 'something else, long enough to look for the mark of its metadata in it'],
  ['cut off at its beginning', V4().subarray(V4().length - 60)],
])('a file that is %s is an error with its path', async (_, content) => {
  const path = content === null ? join(folder, 'absent.mmdb') : await file('bad.mmdb', content);
  await expect(open(path)).rejects.toThrow(`${path} cannot be read: `);
});

describe('a file that changes', () => {
  const NEW = () => mmdbOf(4, { '81.2.0.0/16': { country_code: 'IE', region: 'Munster', city: 'Dublin' } });
  const DUBLIN = { country: 'IE', state: 'Munster', city: 'Dublin' };

  it('is read again when it was replaced by a rename, also with the same size and time', async () => {
    const path = await file('4.mmdb', V4());
    const mmdb = await open(path);
    const other = await file('new.mmdb', NEW());
    await utimes(path, 1, 1);
    await mmdb.refresh();
    await utimes(other, 1, 1);
    await rename(other, path);
    const before = mmdb.version;
    await mmdb.refresh();
    expect(mmdb.lookUp('81.2.69.142')).toEqual(DUBLIN);
    expect(mmdb.version).toBe(before + 1);
  });

  it('is read again when it was written in place', async () => {
    const path = await file('4.mmdb', V4());
    const mmdb = await open(path);
    await file('4.mmdb', NEW());
    await utimes(path, 5, 5);
    await mmdb.refresh();
    expect(mmdb.lookUp('81.2.69.142')).toEqual(DUBLIN);
  });

  it('is not read again while it stays', async () => {
    const mmdb = await open(await file('4.mmdb', V4()));
    await mmdb.refresh();
    expect(mmdb.version).toBe(0);
  });

  it.each([
    ['broken', async () => void (await file('4.mmdb', 'broken'))],
    ['for the other family', async () => void (await file('4.mmdb', V6()))],
    ['gone', () => rm(join(folder, '4.mmdb'))],
  ])('into one that is %s leaves the old one in use, with one warning', async (_, change) => {
    const path = await file('4.mmdb', V4());
    const mmdb = await open(path);
    await change();
    await mmdb.refresh();
    await mmdb.refresh();
    expect(mmdb.lookUp('81.2.69.142')).toEqual(LONDON);
    expect(mmdb.version).toBe(0);
    expect(warnings).toEqual([
      expect.stringContaining(`GEOIP_MMDB: ${path} changed, and the old one stays in use`),
    ]);
    await file('4.mmdb', NEW());
    await mmdb.refresh();
    expect(mmdb.lookUp('81.2.69.142')).toEqual(DUBLIN);
  });
});

const DATA = join(import.meta.dirname, '../../../../shared/data');
describe.each(['GeoLite2-City-Test.mmdb', 'GeoIP2-City-Test.mmdb'])("MaxMind's %s", (name) => {
  const path = join(DATA, name);
  const there = existsSync(path);
  if (!there) console.log(`skipped, since ${path} is absent: a database of MaxMind`);

  it.skipIf(!there).each([
    ['81.2.69.142', 'GB', 'England', 'London'],
    ['216.160.83.56', 'US', 'Washington', 'Milton'],
    ['89.160.20.112', 'SE', 'Östergötland County', 'Linköping'],
    ['175.16.199.0', 'CN', 'Jilin Sheng', 'Changchun'],
    ['2.125.160.216', 'GB', 'England', 'Boxford'],
  ])('%s is in %s, %s, %s', async (address, ...names) => {
    const [country, state, city] = names;
    const mmdb = await open(path);
    expect(mmdb.lookUp(address)).toEqual({ country, state, city });
    expect(mmdb.lookUp('8.8.4.4')).toBeNull();
  });
});
