import { expect, it } from 'vitest';
import { inBatches } from '../../../src/cli/rejected/sendAgain.js';

const record = (partition: number, offset: number, bytes = 10) => ({
  job: 'job',
  epoch: 0,
  topic: 'topic',
  partition,
  offset,
  bytes,
});
const shapes = (...records: ReturnType<typeof record>[]) =>
  [...inBatches(records)].map((batch) => batch.map(({ partition, offset }) => `${partition}/${offset}`));

it('a batch is of one partition, in the order of the records', () => {
  expect(shapes(record(1, 9), record(0, 5), record(1, 3))).toEqual([['1/9', '1/3'], ['0/5']]);
  expect(shapes()).toEqual([]);
});

it.each([
  [500, [500]],
  [501, [500, 1]],
])('%d records are sent in batches of %j', (count, sizes) => {
  const records = Array.from({ length: count }, (_, offset) => record(0, offset));
  expect([...inBatches(records)].map(({ length }) => length)).toEqual(sizes);
});

it.each([
  [900_000 - 64, 1],
  [900_000 - 63, 2],
])('two records of %d bytes together are sent in %d batches', (bytes, batches) => {
  expect([...inBatches([record(0, 0, bytes - 10), record(0, 1, 10)])]).toHaveLength(batches);
});
