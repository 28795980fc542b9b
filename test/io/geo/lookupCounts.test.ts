import { expect, it } from 'vitest';
import { LookupCounts } from '../../../src/io/geo/lookupCounts.js';

it('counts are written at most every 10 seconds, and not at rest', async () => {
  const timers: { callback: () => void; ms: number }[] = [];
  const written: [string, number][][] = [];
  const counts = new LookupCounts({
    write: (sums) => Promise.resolve(void written.push([...sums])),
    warn: () => {},
    later(callback, ms) {
      timers.push({ callback, ms });
      return { cancel: () => {} };
    },
  });
  counts.add('cache', 0);
  expect(timers).toEqual([]);
  counts.add('cache', 2);
  counts.add('cache', 1);
  counts.add('mmdb', 1);
  expect(timers).toMatchObject([{ ms: 10_000 }]);
  timers[0]!.callback();
  await counts.flush();
  expect(written).toEqual([
    [
      ['cache', 3],
      ['mmdb', 1],
    ],
  ]);
  expect(timers).toHaveLength(1);
  counts.add('cache', 1);
  expect(timers).toHaveLength(2);
});
