import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from '../../src/worker/config.js';
import { openGeo } from '../../src/worker/geo.js';
import { createPool } from '../../src/io/postgres/pool.js';

describe('the settings of location', () => {
  let folder: string;
  let file: string;
  let other: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weir-config-'));
    file = join(folder, 'city.mmdb');
    other = join(folder, 'v6.mmdb');
    await writeFile(file, 'x');
    await writeFile(other, 'x');
  });
  afterAll(() => rm(folder, { recursive: true }));

  const geo = (env: Record<string, string>) => loadConfig(env).geo;

  it('are off by default', () => {
    expect(geo({})).toEqual({
      mmdb: [],
      key: null,
      url: 'https://api.ip2location.io/',
      ratePerSecond: 5,
      budgetPerDay: 1000,
    });
  });

  it('are all taken from the environment', () => {
    const env = {
      GEOIP_MMDB: file,
      IP2LOCATION_KEY: 'k',
      IP_CODING_KEY: 'other',
      IP2LOCATION_URL: 'http://127.0.0.1:1/x',
      IP2LOCATION_RATE: '0.5',
      IP2LOCATION_BUDGET: '0',
    };
    expect(geo(env)).toEqual({
      mmdb: [file],
      key: 'k',
      url: 'http://127.0.0.1:1/x',
      ratePerSecond: 0.5,
      budgetPerDay: 0,
    });
  });

  it('know the key by its old name, too', () => {
    expect(geo({ IP_CODING_KEY: 'old', IP2LOCATION_KEY: '' }).key).toBe('old');
  });

  it.each([',', ':', ' , '])('take two files with %j between them', (separator) => {
    expect(geo({ GEOIP_MMDB: `${file}${separator}${other}` }).mmdb).toEqual([file, other]);
  });

  it.each([
    ['GEOIP_MMDB', '/nowhere/x.mmdb', '/nowhere/x.mmdb does not exist'],
    ['GEOIP_MMDB', tmpdir(), 'is not a file'],
    ['GEOIP_MMDB', 'a,b,c', 'expected one file, or two'],
    ['IP2LOCATION_URL', 'ftp://x', '"ftp://x" is not an http(s) address'],
    ['IP2LOCATION_URL', 'http://', '"http://" is not an http(s) address'],
    ['IP2LOCATION_RATE', '0', '"0" is not a number of requests a second above 0'],
    ['IP2LOCATION_RATE', 'fast', '"fast" is not'],
    ['IP2LOCATION_BUDGET', '-1', '"-1" is not a whole number'],
    ['IP2LOCATION_BUDGET', '1.5', '"1.5" is not a whole number'],
  ])('name %s=%s as a problem', (name, value, problem) => {
    const load = () => loadConfig({ [name]: value });
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(`- ${name}: `);
    expect(load).toThrow(problem);
  });

  it('name every problem at once', () => {
    const load = () => loadConfig({ IP2LOCATION_RATE: 'x', GEOIP_MMDB: '/nowhere', KAFKA_URL: 'a:b' });
    expect(load).toThrow(/KAFKA_URL[^]*GEOIP_MMDB[^]*IP2LOCATION_RATE/);
  });

  it('name a file that is no database as a problem when the worker starts', async () => {
    const config = loadConfig({ GEOIP_MMDB: file });
    const pool = createPool(config.postgres, 1);
    const opened = openGeo(config, { pool, warn: () => {} });
    await expect(opened).rejects.toThrow(ConfigError);
    await expect(opened).rejects.toThrow(`- GEOIP_MMDB: ${file} cannot be read`);
    await pool.end();
  });
});

describe('METRICS_ADDRESS', () => {
  const metrics = (text: string) => loadConfig({ METRICS_ADDRESS: text }).metrics;

  it.each([
    ['', null],
    ['9464', { host: '127.0.0.1', port: 9464 }],
    [':9464', { host: '127.0.0.1', port: 9464 }],
    ['0.0.0.0:1', { host: '0.0.0.0', port: 1 }],
    ['[::1]:65535', { host: '[::1]', port: 65_535 }],
  ])('%j is %j', (text, expected) => {
    expect(metrics(text)).toEqual(expected);
  });

  it.each(['x', '0', ':65536', 'a:b', '::1:9464', 'http://localhost:9464'])('%j is a problem', (text) => {
    expect(() => metrics(text)).toThrow(`METRICS_ADDRESS: "${text}" is not host:port`);
  });
});

describe('KAFKA_GROUP', () => {
  it('has the job in its name', () => {
    expect(loadConfig({}).groupOf!('hits')).toBe('weir.hits');
    expect(loadConfig({ KAFKA_GROUP: 'team-<job>-1' }).groupOf!('hits')).toBe('team-hits-1');
    expect(loadConfig({ KAFKA_GROUP: 'one' }).groupOf!('hits')).toBe('one');
  });

  it('is none when it is off', () => {
    expect(loadConfig({ KAFKA_GROUP: 'off' }).groupOf).toBeNull();
  });
});

describe('the settings of the log', () => {
  it('are text from info on, if nothing else is said', () => {
    expect(loadConfig({}).log).toEqual({ format: 'text', level: 'INFO' });
    expect(loadConfig({ LOG_FORMAT: 'json', LOG_LEVEL: 'Warn' }).log).toEqual({
      format: 'json',
      level: 'WARN',
    });
  });

  it('are problems when they are something else', () => {
    expect(() => loadConfig({ LOG_FORMAT: 'xml', LOG_LEVEL: 'loud' })).toThrow(
      /LOG_FORMAT: "xml" is none of text, json[^]*LOG_LEVEL: "LOUD" is none of trace, debug/,
    );
  });
});

it('an empty variable of Temporal counts as not set', () => {
  const { namespace } = loadConfig({ TEMPORAL_NAMESPACE: '' }).temporal;
  expect(namespace).toBe(loadConfig({}).temporal.namespace);
  expect(loadConfig({ TEMPORAL_NAMESPACE: 'other' }).temporal.namespace).toBe('other');
});
