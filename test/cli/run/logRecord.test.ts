import { expect, it } from 'vitest';
import { jsonRecord, valueRecord } from '../../../src/cli/run/logRecord.js';

const REJECTED = { partition: 0, offset: null, timestampMs: null, value: null };

it('takes a line for the value of a record of partition 0, without time stamp', () => {
  expect(valueRecord('{"a":1}\r')).toEqual({
    partition: 0,
    offset: null,
    timestampMs: null,
    value: '{"a":1}\r',
  });
});

it.each<[string, unknown, object]>([
  [
    'all fields',
    { partition: 3, offset: 7, timestamp: 9, key: 'k', value: 'v' },
    { partition: 3, offset: 7, timestampMs: 9, value: 'v' },
  ],
  ['what is missing', { value: 'v' }, { ...REJECTED, value: 'v' }],
  [
    'null for missing',
    { partition: null, offset: null, timestamp: null, key: null, value: 'v' },
    { ...REJECTED, value: 'v' },
  ],
  [
    'digits in strings',
    { partition: '3', offset: '7', timestamp: '-9', value: 'v' },
    { partition: 3, offset: 7, timestampMs: -9, value: 'v' },
  ],
  ['a tombstone', { partition: 3, value: null }, { ...REJECTED, partition: 3 }],
  ['no value for a tombstone', { partition: 3 }, { ...REJECTED, partition: 3 }],
  ['an object as its JSON', { value: { host: 'a' } }, { ...REJECTED, value: '{"host":"a"}' }],
  ['a list as its JSON', { value: [1] }, { ...REJECTED, value: '[1]' }],
  ['a number as its JSON', { value: 5 }, { ...REJECTED, value: '5' }],
  ['a negative partition for no record', { partition: -1, value: 'v' }, REJECTED],
  ['a partition that is no number for no record', { partition: 'a', value: 'v' }, REJECTED],
  ['half a partition for no record', { partition: 0.5, value: 'v' }, REJECTED],
  ['a time stamp that is no number for no record', { timestamp: {}, value: 'v' }, REJECTED],
  ['an offset that is no number for no record', { offset: true, value: 'v' }, REJECTED],
  ['a list for no record', [1], REJECTED],
  ['null for no record', null, REJECTED],
  ['a text for no record', 'v', REJECTED],
])('with --records takes %s', (_, line, record) => {
  expect(jsonRecord(`${JSON.stringify(line)}\r`)).toEqual(record);
});

it.each([
  ['an empty line', ''],
  ['what is not JSON', '{"value":"v"'],
  ['a value too deep to be written again', `{"value":{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`],
])('with --records takes %s for no record', (_, line) => {
  expect(jsonRecord(line)).toEqual(REJECTED);
});
