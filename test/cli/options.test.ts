import { describe, expect, it } from 'vitest';
import { OptionReader, UsageError } from '../../src/cli/options.js';

const NOW_MS = Date.UTC(2026, 0, 1);

type Read = (read: OptionReader, text: string) => unknown;
const READERS: Record<string, Read> = {
  integer: (read, text) => read.integer('--x', text),
  fromZero: (read, text) => read.integer('--x', text, 0),
  duration: (read, text) => read.durationMs('--x', text),
  signed: (read, text) => read.durationMs('--x', text, 'any sign'),
  instant: (read, text) => read.instantMs('--x', text, NOW_MS),
  share: (read, text) => read.share('--x', text),
  rate: (read, text) => read.ratePerSecond('--x', text),
  topic: (read, text) => read.topic('--x', text),
};

it.each<[string, string, unknown]>([
  ['integer', '1', 1],
  ['integer', '1,000,000', 1_000_000],
  ['integer', '1_000', 1_000],
  ['fromZero', '0', 0],
  ['duration', '0ms', 0],
  ['duration', '5m', 300_000],
  ['signed', '-100ms', -100],
  ['instant', 'now', NOW_MS],
  ['instant', '5m ago', NOW_MS - 300_000],
  ['instant', '2025-12-31T23:00:00-01:00', NOW_MS],
  ['share', '0', 0],
  ['share', '1', 1],
  ['share', '.25', 0.25],
  ['rate', '2000/s', 2_000],
  ['rate', '0.5', 0.5],
  ['topic', 'web_traffic.v1-a', 'web_traffic.v1-a'],
  ['topic', 'a'.repeat(249), 'a'.repeat(249)],
])('%s takes %j', (name, text, value) => {
  const read = new OptionReader();
  expect(READERS[name]!(read, text)).toBe(value);
  expect(() => read.finish()).not.toThrow();
});

it.each([
  ['integer', '0'],
  ['integer', '1.5'],
  ['integer', '-1'],
  ['integer', '9007199254740992'],
  ['integer', ''],
  ['duration', '5'],
  ['duration', '-1ms'],
  ['instant', 'ago'],
  ['instant', 'yesterday'],
  ['share', '1.01'],
  ['share', '10%'],
  ['rate', '0'],
  ['rate', '5/m'],
  ['topic', ''],
  ['topic', '..'],
  ['topic', 'a b'],
  ['topic', 'a'.repeat(250)],
])('%s refuses %j, by name', (name, text) => {
  const read = new OptionReader();
  expect(READERS[name]!(read, text)).toBeUndefined();
  expect(() => read.finish()).toThrow(`--x ${JSON.stringify(text)}`);
});

describe('OptionReader', () => {
  it('takes an option that is not given for undefined', () => {
    const read = new OptionReader();
    expect([read.integer('--x', undefined), read.share('--x', undefined)]).toEqual([undefined, undefined]);
    expect(() => read.finish()).not.toThrow();
  });

  it('collects every problem', () => {
    const read = new OptionReader();
    read.integer('--a', 'x');
    read.oneOf('--b', 'z', ['x', 'y']);
    read.problem('c is missing');
    const finish = () => read.finish();
    expect(finish).toThrow(UsageError);
    expect(finish).toThrow(/^--a "x".*\n--b "z": must be x or y\nc is missing$/);
  });
});
