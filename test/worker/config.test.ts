import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError, loadConfig } from '../../src/worker/config.js';
import { createAuthority, type Authority } from '../support/certificates.js';
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

describe('the settings of Kafka', () => {
  let authority: Authority;
  let mine: { cert: string; key: string };
  let other: { cert: string; key: string };
  beforeAll(() => {
    authority = createAuthority();
    [mine, other] = [authority.issue('mine'), authority.issue('other')];
  });
  afterAll(() => authority.remove());

  const user = { KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'p' };
  const kafka = (env: Record<string, string>) => loadConfig(env).kafka;
  const fileOf = (path: string) => readFileSync(path, 'utf8');

  it('ask for neither TLS nor a password by default, nor where they are empty', () => {
    const plain = { brokers: ['localhost:9093'], clientId: 'weir' };
    expect(kafka({})).toEqual(plain);
    expect(
      kafka({ KAFKA_SSL: '', KAFKA_SSL_CA_FILE: '', KAFKA_SASL_USERNAME: '', KAFKA_SASL_PASSWORD: '' }),
    ).toEqual(plain);
    expect(kafka({ KAFKA_SSL: 'false' })).toEqual(plain);
  });

  it("take the system's authorities, or a file", () => {
    expect(kafka({ KAFKA_SSL: 'true' }).ssl).toBe(true);
    expect(kafka({ KAFKA_SSL_CA_FILE: authority.ca }).ssl).toEqual({ ca: fileOf(authority.ca) });
  });

  it('take a certificate of the client with its key', () => {
    const env = { KAFKA_SSL_CERT_FILE: mine.cert, KAFKA_SSL_KEY_FILE: mine.key };
    expect(kafka(env).ssl).toEqual({ cert: fileOf(mine.cert), key: fileOf(mine.key) });
  });

  it('take a user: PLAIN if nothing else is said, over TLS or, where that is said, without', () => {
    const sasl = { mechanism: 'plain', username: 'u', password: 'p' };
    expect(kafka({ ...user, KAFKA_SSL: 'true' })).toMatchObject({ ssl: true, sasl });
    expect(kafka({ ...user, KAFKA_SSL: 'false' }).sasl).toEqual(sasl);
    expect(kafka({ ...user, KAFKA_SSL: 'true', KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512' }).sasl).toMatchObject({
      mechanism: 'scram-sha-512',
    });
  });

  it.each<[string, (files: { ca: string; mine: string; others: string }) => object, string]>([
    ['KAFKA_SSL', () => ({ KAFKA_SSL: 'yes' }), '"yes" is neither true nor false'],
    [
      'KAFKA_SSL',
      ({ ca }) => ({ KAFKA_SSL: 'false', KAFKA_SSL_CA_FILE: ca }),
      'is false, and files for TLS are',
    ],
    ['KAFKA_SSL', () => user, 'set it to true; or to false, to send the password over'],
    ['KAFKA_SSL_CA_FILE', () => ({ KAFKA_SSL_CA_FILE: '/nowhere.pem' }), '/nowhere.pem does not exist'],
    ['KAFKA_SSL_CA_FILE', () => ({ KAFKA_SSL_CA_FILE: '/' }), '/ cannot be read (EISDIR)'],
    ['KAFKA_SSL_CA_FILE', () => ({ KAFKA_SSL_CA_FILE: 'package.json' }), 'holds no certificate in PEM form'],
    [
      'KAFKA_SSL_CERT_FILE',
      (of) => ({ KAFKA_SSL_CERT_FILE: of.mine }),
      'goes together with KAFKA_SSL_KEY_FILE',
    ],
    [
      'KAFKA_SSL_KEY_FILE',
      (of) => ({ KAFKA_SSL_CERT_FILE: of.mine, KAFKA_SSL_KEY_FILE: of.others }),
      'is not the key of KAFKA_SSL_CERT_FILE',
    ],
    [
      'KAFKA_SASL_MECHANISM',
      () => ({ ...user, KAFKA_SSL: 'true', KAFKA_SASL_MECHANISM: 'GSSAPI' }),
      '"GSSAPI" is not one of PLAIN,',
    ],
    [
      'KAFKA_SASL_MECHANISM',
      () => ({ KAFKA_SASL_MECHANISM: 'PLAIN' }),
      'goes together with KAFKA_SASL_USERNAME',
    ],
    ['KAFKA_SASL_PASSWORD', () => ({ KAFKA_SASL_USERNAME: 'u' }), 'goes together with KAFKA_SASL_USERNAME'],
  ])('name %s as a problem, once: %o', (name, env, problem) => {
    const files = { ca: authority.ca, mine: mine.cert, others: other.key };
    const failure = (() => {
      try {
        loadConfig(env(files) as Record<string, string>);
        return null;
      } catch (error) {
        return error;
      }
    })();
    expect(failure).toBeInstanceOf(ConfigError);
    expect((failure as ConfigError).problems).toEqual([expect.stringContaining(`${name}: `)]);
    expect((failure as ConfigError).message).toContain(problem);
  });
});

describe('the settings of Postgres', () => {
  let authority: Authority;
  beforeAll(() => {
    authority = createAuthority();
  });
  afterAll(() => authority.remove());
  const at = 'postgres://u@db:5/weir';
  const ssl = (query: string) => loadConfig({ POSTGRES_URL: `${at}?${query}` }).postgres.ssl;

  it.each(['verify-full', 'verify-ca', 'require', 'prefer'])('sslmode=%s checks the certificate', (mode) => {
    expect(ssl(`sslmode=${mode}`)).toEqual({});
    expect(ssl(`sslmode=${mode}&sslrootcert=${authority.ca}`)).toEqual({
      ca: readFileSync(authority.ca, 'utf8'),
    });
  });

  it('sslmode=no-verify does not, and disable turns TLS off', () => {
    expect(ssl('sslmode=no-verify')).toEqual({ rejectUnauthorized: false });
    expect(ssl('sslmode=disable')).toBeUndefined();
  });

  it('name a file that is not there as a problem', () => {
    expect(() => ssl('sslmode=verify-full&sslrootcert=/nowhere.pem')).toThrow(
      /- POSTGRES_URL: .*\/nowhere\.pem/,
    );
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

describe('the settings of Temporal', () => {
  const options = (env: Record<string, string>) => loadConfig(env).temporal.connectionOptions;

  it('an API key turns TLS on; an empty one is none', () => {
    expect(options({ TEMPORAL_API_KEY: 'k' })).toMatchObject({ apiKey: 'k', tls: true });
    const { apiKey, tls } = options({ TEMPORAL_API_KEY: '', TEMPORAL_TLS: '' });
    expect([apiKey, tls]).toEqual([undefined, undefined]);
  });
});

it('an empty variable of Temporal counts as not set', () => {
  const { namespace } = loadConfig({ TEMPORAL_NAMESPACE: '' }).temporal;
  expect(namespace).toBe(loadConfig({}).temporal.namespace);
  expect(loadConfig({ TEMPORAL_NAMESPACE: 'other' }).temporal.namespace).toBe('other');
});
