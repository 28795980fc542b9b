import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { expectedOutput, type ReferenceJob, type ReferenceRecord } from './reference.js';
import { runOver } from './support.js';

const name = fc.constantFrom(null, '', 'a', 'b', '\uFFFD', '\u{1F600}');

const step = fc.record({
  partition: fc.nat(2),
  kind: fc.constantFrom('event', 'event', 'event', 'event', 'event', 'far', 'tombstone', 'no time'),
  /** How far the event lies from the place that its number gives it. */
  awayMs: fc.integer({ min: -60, max: 30 }),
  /** How much nearer than the future guard its time stamp is; null: no stamp. */
  guardMs: fc.option(fc.integer({ min: -1, max: 1 }), { freq: 2 }),
  host: name,
  referrer: name,
  cut: fc.boolean(),
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const job = fc.record({
  sizeMs: fc.integer({ min: 1, max: 60 }),
  slideMs: fc.integer({ min: 1, max: 80 }),
  offsetMs: fc.integer({ min: -100, max: 100 }),
  delayMs: fc.integer({ min: 0, max: 50 }),
  /** How many there are beyond the three that records can be in. */
  more: fc.constantFrom(0, 0, 0, 1),
  flush: fc.boolean(),
});

function toRecord(
  { partition, kind, awayMs, guardMs, host, referrer }: Step,
  index: number,
): ReferenceRecord {
  if (kind === 'tombstone' || kind === 'no time') return { partition, timestampMs: null, event: null };
  const timeMs = index * 4 - 100 + awayMs + (kind === 'far' ? 300 : 0);
  return {
    partition,
    timestampMs: guardMs === null ? null : timeMs - 300_000 + guardMs,
    event: { timeMs, host, referrer },
  };
}

function toLine({ partition, timestampMs, event }: ReferenceRecord, { kind }: Step): string {
  const value =
    event === null
      ? { host: 'a', event_time: null }
      : { event_time: new Date(event.timeMs).toISOString(), host: event.host, referrer: event.referrer };
  return JSON.stringify({
    partition,
    timestamp: timestampMs,
    key: null,
    value: kind === 'tombstone' ? null : JSON.stringify(value),
  });
}

// On a failure fast-check prints its seed and the smallest stream that fails.
it('prints what a slow reference prints, for random streams, windows and batch cuts', async () => {
  const property = fc.asyncProperty(
    job,
    fc.array(step, { maxLength: 80 }),
    async ({ more, ...times }, steps) => {
      const records = steps.map(toRecord);
      const found = new Set(records.map(({ partition }) => partition));
      const partitions = more > 0 ? 3 + more : found.size;
      // The reference numbers them without holes.
      const numbers = [...found];
      const renumbered =
        more > 0
          ? records
          : records.map((record) => ({ ...record, partition: numbers.indexOf(record.partition) }));
      const reference: ReferenceJob = { ...times, partitions };
      let at = 0;
      const output = await runOver(
        records.map((record, i) => toLine(record, steps[i]!)),
        {
          records: true,
          size: `${times.sizeMs}ms`,
          slide: `${times.slideMs}ms`,
          offset: `${times.offsetMs}ms`,
          delay: `${times.delayMs}ms`,
          partitions: more > 0 ? partitions : 0,
          flush: times.flush,
          cut: () => steps[at++]!.cut,
        },
      );
      expect(output.map((line) => JSON.parse(line) as unknown)).toEqual(
        expectedOutput(reference, renumbered),
      );
    },
  );
  await fc.assert(property, { numRuns: 1000 });
});
