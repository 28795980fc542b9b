import { Command } from 'commander';
import { expect, it } from 'vitest';
import { OptionReader } from '../../../src/cli/options.js';
import { filterOf, withFilter, type FilterOptions } from '../../../src/cli/rejected/options.js';

const NOW_MS = Date.UTC(2026, 0, 1);
const ANY = { job: null, reason: null, partition: null, from: null, to: null };

function parse(...args: string[]): FilterOptions {
  return withFilter(new Command()).exitOverride().parse(args, { from: 'user' }).opts();
}

it.each<[string[], object]>([
  [[], ANY],
  [['--job', 'hits', '--reason', 'bad_field: host'], { ...ANY, job: 'hits', reason: 'bad_field: host' }],
  [['--partition', '0'], { ...ANY, partition: 0 }],
  [['--from', '1h ago', '--to', 'now'], { ...ANY, from: NOW_MS - 3_600_000, to: NOW_MS }],
])('%j chooses records', (args, filter) => {
  const read = new OptionReader();
  expect(filterOf(parse(...args), read, NOW_MS)).toEqual(filter);
  expect(() => read.finish()).not.toThrow();
});

it('all mistakes are named at once', () => {
  const read = new OptionReader();
  filterOf(parse('--partition', '-1', '--from', 'yesterday', '--to', 'x'), read, NOW_MS);
  expect(() => read.finish()).toThrow(/^--partition "-1".*\n--from "yesterday".*\n--to "x".*$/);
});

it.each([
  ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', true],
  ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00.001Z', false],
])('--from %s --to %s: nothing could be between them: %s', (from, to, wrong) => {
  const read = new OptionReader();
  filterOf(parse('--from', from, '--to', to), read, NOW_MS);
  const finish = expect(() => read.finish());
  if (wrong) finish.toThrow('--from has to be before --to');
  else finish.not.toThrow();
});
