/** Tables of the texts say what the code says. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resultsTable } from '../../src/cli/demo/results.js';
import { refusal } from '../../src/pipelines/jobDifferences.js';
import type { Job } from '../../src/pipelines/job.js';
import { DEFAULT_TOPICS, parseJobInput } from '../../src/pipelines/jobInput.js';
import { DEFAULTS } from '../../src/worker/config.js';
import { GEO_DEFAULTS } from '../../src/worker/geoConfig.js';
import { blocksOf, codeIn, proseOf, ROOT, tableOf } from './markdown.js';
import { fits } from './session.js';

const job = (input: object = {}): Job => parseJobInput({ pipeline: 'hits', ...input }, null);
const FIELDS = tableOf('README.md', 'field', 'default', 'what it does').map(([field, value, , later]) => ({
  field: codeIn(field!)[0]!,
  value: codeIn(value!)[0],
  later: later!,
}));

describe("the README's table of a job's input", () => {
  it('names every field, in order', () => {
    const names = Object.keys(job()).map((key) => key.replace(/Ms$/, ''));
    expect(FIELDS.map(({ field }) => field).sort()).toEqual(names.sort());
  });

  it.each(FIELDS.filter(({ field }) => !['pipeline', 'topic', 'slide'].includes(field)))(
    'gives the default of $field: $value',
    ({ field, value }) => {
      const isNumber = /^\d+$/.test(value!);
      expect(job({ [field]: isNumber ? Number(value) : value })).toEqual(job());
    },
  );

  it('gives the defaults that are taken from elsewhere', () => {
    expect(FIELDS.find(({ field }) => field === 'topic')!.value).toBe('KAFKA_TOPIC');
    expect(job({ size: '7m' })).toMatchObject({ topic: DEFAULT_TOPICS.hits, slideMs: 420_000 });
  });

  it.each(FIELDS)('says whether a later start may change $field: $later', ({ field, later }) => {
    const stored = job();
    const key = (field in stored ? field : `${field}Ms`) as keyof Job;
    const other = { ...stored, [key]: typeof stored[key] === 'number' ? stored[key] + 1000 : 'other' };
    expect(refusal('hits', stored, other) === null ? 'yes' : 'no').toBe(later);
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

it("the README's view has the columns of the migration", () => {
  const sql = readFileSync(join(ROOT, 'sql/migrations/1_weir.sql'), 'utf8');
  const selected = /create view public\.aggregated_web_traffic as\s+select (.*)/.exec(sql)![1]!;
  const columns = selected.split(', ').map((column) => /(\w+)$/.exec(column)![1]);
  expect(tableOf('README.md', 'column', 'type').map(([column]) => codeIn(column!)[0])).toEqual(columns);
});

it("the README's quick start shows the demo's table as it is printed", () => {
  const window = { window_start: new Date('2026-11-22T10:05Z'), window_end: new Date('2026-11-22T10:10Z') };
  const row = (referrer: string | null, num_hits: number) => ({
    ...window,
    host: 'www.example.com',
    referrer,
    num_hits,
  });
  const newest = [
    row(null, 2422),
    row('https://www.example.com/', 159),
    row('https://www.google.com/', 105),
    row('https://www.reddit.com/r/kafka/', 83),
  ];
  const shown = blocksOf('README.md').find(({ lines }) => lines.includes('$ npm start'))!.lines;
  const printed = resultsTable({ rows: 2974, hits: 29_348, rejected: 131, newest });
  expect(fits(shown.join('\n'), ['…', ...printed.split('\n'), '…'])).toBe(true);
});
