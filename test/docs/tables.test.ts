/** Tables of the texts say what the code says. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { resultsTable } from '../../src/cli/demo/results.js';
import { sessionsTable } from '../../src/cli/demo/sessions.js';
import { sessionId } from '../../src/io/postgres/sessionId.js';
import { refusal } from '../../src/pipelines/jobDifferences.js';
import type { Job, Pipeline } from '../../src/pipelines/job.js';
import { DEFAULT_TOPICS, parseJobInput, PIPELINES } from '../../src/pipelines/jobInput.js';
import { DEFAULTS, loadConfig } from '../../src/worker/config.js';
import { JOB, METRICS, PARTITION } from '../../src/worker/metricDefinitions.js';
import { GEO_DEFAULTS } from '../../src/worker/geoConfig.js';
import { createAuthority } from '../support/certificates.js';
import { blocksOf, codeIn, proseOf, ROOT, tableOf } from './markdown.js';
import { fits } from './session.js';

const job = (pipeline: Pipeline, input: object = {}): Job => parseJobInput({ pipeline, ...input }, null);
const FIELDS = tableOf('README.md', 'field', 'of', 'default').map(([field, of, value, , later]) => ({
  field: codeIn(field!)[0]!,
  of: of!,
  value: codeIn(value!)[0],
  later: later!,
}));

describe.each(PIPELINES)("the README's table of a job's input, of %s", (pipeline) => {
  const fields = FIELDS.filter(({ of }) => of === 'all' || of.split(', ').includes(pipeline));
  const defaults = fields.filter(({ value }) => value !== undefined && value !== 'KAFKA_TOPIC');

  it('names every field', () => {
    const names = Object.keys(job(pipeline)).map((key) => key.replace(/Ms$/, ''));
    expect(fields.map(({ field }) => field).sort()).toEqual(names.sort());
  });

  it.each(defaults)('gives the default of $field: $value', ({ field, value }) => {
    const isNumber = /^[\d.]+$/.test(value!);
    expect(job(pipeline, { [field]: isNumber ? Number(value) : value })).toEqual(job(pipeline));
  });

  it('gives no default where there is none, or where it is another field', () => {
    const others = fields.filter((each) => !defaults.includes(each)).map(({ field }) => field);
    expect(others).toEqual([
      'pipeline',
      'topic',
      ...(pipeline === 'hits' ? ['slide'] : ['partitionedBy', 'parallelism']),
    ]);
  });

  it.each(fields)('says whether a later start may change $field: $later', ({ field, later }) => {
    const stored = job(pipeline);
    const key = (field in stored ? field : `${field}Ms`) as keyof Job;
    const other = { ...stored, [key]: typeof stored[key] === 'number' ? stored[key] + 1000 : 'other' };
    expect(refusal(pipeline, stored, other) === null ? 'yes' : 'no').toBe(later);
  });
});

describe("the README's table of a job's input", () => {
  it('gives the defaults that are taken from elsewhere', () => {
    const value = (of: string): string[] =>
      codeIn(tableOf('README.md', 'field', 'of', 'default').find(([field]) => field === `\`${of}\``)![2]!);
    expect(value('topic')).toEqual(['KAFKA_TOPIC', ...PIPELINES.map((pipeline) => DEFAULT_TOPICS[pipeline])]);
    expect(value('pipeline')).toEqual([]);
    expect(job('hits', { size: '7m' })).toMatchObject({ slideMs: 420_000 });
    expect(job('sessions')).toMatchObject({ partitionedBy: null });
  });

  it('has no field of another pipeline', () => {
    expect(
      FIELDS.flatMap(({ of }) => of.split(', ')).filter((of) => !['all', ...PIPELINES].includes(of)),
    ).toEqual([]);
  });

  it('is that of docs/pipelines.md, for what is special about sessions', () => {
    const special = tableOf('docs/pipelines.md', 'field', 'default').map(([field, value]) => [
      codeIn(field!)[0],
      codeIn(value!)[0],
    ]);
    const expected = FIELDS.filter(
      ({ of, field }) => of.includes('sessions') && !field.startsWith('maxBatch'),
    ).map(({ field, value }) => [field, value]);
    expect(Object.fromEntries(special)).toEqual(Object.fromEntries(expected));
  });
});

describe.each(['README.md', 'docs/operations.md'])('the table of settings in %s', (path) => {
  const settings = tableOf(path, 'variable', 'default').map(([name, value]) => [
    codeIn(name!)[0]!,
    codeIn(value!)[0],
  ]);

  it('gives the default of every setting', () => {
    const defaults = settings.filter(([name]) => Object.hasOwn(DEFAULTS, name!));
    expect(Object.fromEntries(defaults)).toEqual(DEFAULTS);
  });

  it('gives the topics of jobs that name none', () => {
    const [, topics] = tableOf(path, 'variable', 'default').find(([name]) => name === '`KAFKA_TOPIC`')!;
    expect(codeIn(topics!)).toEqual(PIPELINES.map((pipeline) => DEFAULT_TOPICS[pipeline]));
  });
});

it('the table of settings in docs/location.md gives the default of every setting', () => {
  const settings = tableOf('docs/location.md', 'variable', 'default').map(([name, value]) => [
    codeIn(name!)[0]!,
    codeIn(value!)[0],
  ]);
  const defaults = settings.filter(([, value]) => value !== undefined);
  expect(Object.fromEntries(defaults)).toEqual(GEO_DEFAULTS);
});

it('docs/operations.md names every variable of the environment that the code reads', () => {
  const names = new Set<string>();
  for (const file of readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    const source = readFileSync(join(ROOT, 'src', file), 'utf8');
    for (const [, name] of source.matchAll(/\benv(?:\.|\[')([A-Z][A-Z0-9_]+)/g)) names.add(name!);
  }
  expect(names.size).toBeGreaterThan(5);
  const named = codeIn(proseOf('docs/operations.md'));
  for (const name of [...names, ...Object.keys(DEFAULTS)]) expect(named).toContain(name);
});

describe('the settings of servers in docs/operations.md', () => {
  const listed = tableOf('docs/operations.md', 'variable', 'default').flatMap(([name]) => codeIn(name!));

  it('are those that the code reads, of Temporal those that its library reads', () => {
    const files = [
      ...readdirSync(join(ROOT, 'src/worker')).map((name) => `src/worker/${name}`),
      'src/io/postgres/config.ts',
      'node_modules/@temporalio/envconfig/lib/envconfig-toml.js',
    ];
    const read = files.flatMap((file) => [
      ...readFileSync(join(ROOT, file), 'utf8').matchAll(
        /['"`[]((?:KAFKA|POSTGRES|TEMPORAL)_[A-Z][A-Z_]*)['"`]/g,
      ),
    ]);
    // The codec is the command's; a prefix stands with dots.
    const names = read
      .map(([, name]) => name!.replace(/_$/, '_…'))
      .filter((name) => !name.startsWith('TEMPORAL_CODEC_'));
    expect(names.length).toBeGreaterThan(25);
    const ofServers = listed.filter((name) => /^(KAFKA|POSTGRES|TEMPORAL)_/.test(name));
    expect(ofServers.toSorted()).toEqual([...new Set(names)].sort());
  });

  const examples = blocksOf('docs/operations.md').filter(({ language }) => language === 'sh');
  const authority = createAuthority();
  const { cert, key } = authority.issue('client');
  afterAll(() => authority.remove());
  const configOf = (text: string) => {
    const there = text.replaceAll(/\/etc\/weir\/[\w-]+\.(pem|key)/g, (_, end) =>
      end === 'key' ? key : cert,
    );
    const pairs = there
      .split('\n')
      .map((line) => /^([A-Z_]+)=(.*)$/.exec(line)!.slice(1) as [string, string]);
    for (const [name] of pairs) expect(listed).toContain(name);
    return loadConfig(Object.fromEntries(pairs));
  };
  const pem = expect.stringContaining('-----BEGIN');

  it.each<{ of: string; gives: object }>([
    {
      of: 'KAFKA_SASL_MECHANISM',
      gives: {
        kafka: {
          brokers: ['one.kafka.example.com:9094', 'two.kafka.example.com:9094'],
          ssl: true,
          sasl: { mechanism: 'scram-sha-512', username: 'weir', password: 'secret' },
        },
      },
    },
    { of: 'KAFKA_SSL_CERT_FILE', gives: { kafka: { ssl: { ca: pem, cert: pem, key: pem } } } },
    { of: 'POSTGRES_URL', gives: { postgres: { host: 'db.example.com', user: 'weir', ssl: { ca: pem } } } },
    {
      of: 'TEMPORAL_API_KEY',
      gives: { temporal: { namespace: 'web.a1b2c', connectionOptions: { apiKey: 'secret', tls: true } } },
    },
    {
      of: 'TEMPORAL_TLS_CLIENT_CERT_PATH',
      gives: { temporal: { connectionOptions: { tls: { clientCertPair: expect.anything() } } } },
    },
  ])('are worked through for $of', ({ of, gives }) => {
    const found = examples.filter(({ lines }) => lines.some((line) => line.startsWith(`${of}=`)));
    expect(found.map(({ lines }) => lines.join('\n'))).toHaveLength(1);
    expect(configOf(found[0]!.lines.join('\n'))).toMatchObject(gives);
  });
});

describe('the table of metrics in docs/operations.md', () => {
  const shown = tableOf('docs/operations.md', 'metric', 'type').map(
    ([name, type, labels, unit, meaning]) => ({
      name: codeIn(name!)[0]!,
      type: type!,
      labels: labels!,
      unit: unit!,
      meaning: meaning!,
    }),
  );

  it('has every metric of a worker, in the order of the code', () => {
    expect(shown.map(({ name }) => name)).toEqual(Object.keys(METRICS));
  });

  it.each(shown)('gives type, labels and unit of $name', ({ name, type, labels, unit, meaning }) => {
    const defined = METRICS[name as keyof typeof METRICS];
    expect(type).toBe(defined.type);
    const sets = { 'of a partition': PARTITION, 'of a job': JOB };
    const set = Object.entries(sets).find(([words]) => labels.startsWith(words))?.[1] ?? [];
    expect([...set, ...codeIn(labels)]).toEqual(defined.labels);
    const ending = /_(seconds|bytes)$/.exec(name)?.[1];
    if (ending !== undefined) expect(unit).toMatch(new RegExp(`^${ending}`));
    expect(meaning).not.toBe('');
  });

  it('is behind a text that says which labels those of a partition and of a job are', () => {
    const text = proseOf('docs/operations.md');
    const list = (labels: readonly string[]) =>
      labels
        .map((label) => `\`${label}\``)
        .join(', ')
        .replace(/, ([^,]+)$/, ' and $1');
    expect(text).toContain(`those "of a partition" are ${list(PARTITION)}`);
    expect(text).toContain(`those "of a job" are ${list(JOB)}`);
  });
});

it("the README's view has the columns of the migration", () => {
  const sql = readFileSync(join(ROOT, 'sql/migrations/1_weir.sql'), 'utf8');
  const selected = /create view public\.aggregated_web_traffic as\s+select (.*)/.exec(sql)![1]!;
  const columns = selected.split(', ').map((column) => /(\w+)$/.exec(column)![1]);
  expect(tableOf('README.md', 'column', 'type').map(([column]) => codeIn(column!)[0])).toEqual(columns);
});

describe('user_sessions', () => {
  const sql = readFileSync(join(ROOT, 'sql/migrations/2_sessions.sql'), 'utf8');
  const created = /create table public\.user_sessions \(([^]*?)\n\)/.exec(sql)![1]!;
  const columns = [...created.matchAll(/^ {2}(\w+) +(text|timestamptz|bigint|date|boolean|integer)\b/gm)].map(
    ([, name, type]) => [name!, type!],
  );

  it('has the columns and types of the migration in the README', () => {
    expect(columns.length).toBeGreaterThan(15);
    const shown = tableOf('README.md', 'column', 'type in `user_sessions`');
    expect(shown.map(([column, type]) => [codeIn(column!)[0], codeIn(type!)[0]])).toEqual(columns);
  });

  it('has its columns, all of them, in docs/pipelines.md', () => {
    const shown = tableOf('docs/pipelines.md', 'column', 'what is in it').flatMap(([column]) =>
      codeIn(column!),
    );
    expect(new Set(shown)).toEqual(new Set(columns.map(([name]) => name)));
  });

  it('has the indexes of the migration in docs/pipelines.md', () => {
    const key = /primary key \((.*)\)/.exec(created)![1]!;
    const others = [...sql.matchAll(/create index \w+ on public\.user_sessions \((.*?)\)/g)].map(
      ([, names]) => names!,
    );
    const shown = tableOf('docs/pipelines.md', 'index', 'for').map(([names]) => codeIn(names!)[0]);
    expect(shown).toEqual([key, ...others]);
  });
});

it('the session ids that docs/pipelines.md computes are those of the code', () => {
  const text = readFileSync(join(ROOT, 'docs/pipelines.md'), 'utf8');
  const start = Date.parse('2026-01-01T10:05:00Z');
  expect(text).toContain(`\n${sessionId('17', '203.0.113.7', start)}  -\n`);
  expect(text).toContain(`\n${sessionId(null, '203.0.113.7', start)}  -\n`);
});

it("the README's quick start shows the demo's tables as they are printed", () => {
  const window = { window_start: new Date('2026-11-25T02:50Z'), window_end: new Date('2026-11-25T02:55Z') };
  const row = (referrer: string | null, num_hits: number) => ({
    ...window,
    host: 'www.example.com',
    referrer,
    num_hits,
  });
  const groups = [
    row(null, 2402),
    row('https://www.example.com/', 185),
    row('https://www.google.com/', 103),
    row('https://www.example.com/blog/kafka/getting-started', 72),
    row('https://kafka-weekly.example.net/posts/getting-started', 71),
    row('https://www.reddit.com/r/kafka/', 66),
  ];
  const session = (
    ...[times, user_id, ip, event_count, agent]: [string, string | null, string, number, string]
  ) => {
    const [session_start, session_end] = times.split(' ').map((time) => new Date(`2026-11-25T${time}Z`));
    const [browser, os, device] = agent.split(', ').map((family) => (family === '' ? null : family));
    return {
      session_start: session_start!,
      session_end: session_end!,
      user_id,
      ip,
      event_count,
      browser: browser!,
      os: os!,
      device: device!,
    };
  };
  const ended = [
    session('02:44:09 02:53:52', null, '60.144.123.59', 8, 'Chrome, Mac OS, Macintosh'),
    session('02:53:51 02:53:51', '1673', '25.202.245.69', 1, 'Chrome, Android, Samsung SM-A546B'),
    session('02:46:39 02:53:50', null, '2a02:18da:7a6d::ebca', 16, 'Chrome, Android, OPPO CPH2609'),
    session('02:53:32 02:53:49', null, '23.32.153.128', 3, ', , Spider'),
    session('02:52:34 02:53:47', null, '34.44.23.82', 16, 'Chrome, Chromium OS, Computer'),
    session('02:52:59 02:53:47', '1455', '45.230.39.160', 5, ', , Spider'),
  ];
  const shown = blocksOf('README.md').find(({ lines }) => lines.includes('$ npm start'))!.lines;
  const printed = [
    resultsTable({ rows: 3236, hits: 30_721, rejected: 145, newest: groups }),
    sessionsTable({ sessions: 1853, events: 19_850, loggedIn: 979, bots: 137, newest: ended }),
  ].join('\n\n');
  expect(fits(shown.join('\n'), ['…', ...printed.split('\n'), '…'])).toBe(true);
});
