import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { expectedSessions, type Visited, type VisitRecord } from './sessionsReference.js';
import { runOver } from './support.js';

const AGENTS: { userAgent: unknown; agent: Visited['agent'] }[] = [
  { userAgent: null, agent: { os: null, browser: null, device: null, isBot: false } },
  {
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0',
    agent: { os: 'Linux', browser: 'Firefox', device: 'Computer', isBot: false },
  },
  {
    userAgent: { family: 'Chrome', os: { family: 'Windows' }, device: { family: 'Other' } },
    agent: { os: 'Windows', browser: 'Chrome', device: null, isBot: false },
  },
  { userAgent: 'curl/7.88.1', agent: { os: null, browser: null, device: 'Spider', isBot: true } },
];

const step = fc.record({
  partition: fc.nat(2),
  kind: fc.constantFrom('event', 'event', 'event', 'event', 'event', 'far', 'tombstone', 'no time'),
  /** How far the event lies from the place that its number gives it. */
  awayMs: fc.integer({ min: -60, max: 30 }),
  /** How much nearer than the future guard its time stamp is; null: no stamp. */
  guardMs: fc.option(fc.integer({ min: -1, max: 1 }), { freq: 2 }),
  user: fc.constantFrom(null, null, '', 'u', '\uFFFD', '\u{1F600}'),
  ip: fc.constantFrom('1.2.3.4', '1.2.3.4', '::1', null),
  agent: fc.nat(AGENTS.length - 1),
  host: fc.constantFrom(null, 'a', 'b'),
  cut: fc.boolean(),
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const job = fc.record({
  gapMs: fc.integer({ min: 1, max: 60 }),
  delayMs: fc.integer({ min: 0, max: 50 }),
  flush: fc.boolean(),
});

function toRecord(
  { partition, kind, awayMs, guardMs, user, ip, agent, host }: Step,
  index: number,
): VisitRecord {
  if (kind === 'tombstone' || kind === 'no time') return { partition, timestampMs: null, visit: null };
  const timeMs = index * 4 - 100 + awayMs + (kind === 'far' ? 300 : 0);
  return {
    partition,
    timestampMs: guardMs === null ? null : timeMs - 300_000 + guardMs,
    // A visitor is in one partition only.
    visit: { timeMs, user, ip: ip === null ? null : `${ip} ${partition}`, agent: AGENTS[agent]!.agent, host },
  };
}

function toLine({ partition, timestampMs, visit }: VisitRecord, { kind, agent }: Step): string {
  const value =
    visit === null
      ? { host: 'a', event_time: null }
      : {
          event_time: new Date(visit.timeMs).toISOString(),
          user_id: visit.user,
          ip: visit.ip,
          user_agent: AGENTS[agent]!.userAgent,
          host: visit.host,
        };
  return JSON.stringify({
    partition,
    timestamp: timestampMs,
    key: null,
    value: kind === 'tombstone' ? null : JSON.stringify(value),
  });
}

// On a failure fast-check prints its seed and the smallest stream that fails.
it('prints what a slow reference prints, after the same lines, for random streams, gaps and batch cuts', async () => {
  const property = fc.asyncProperty(
    job,
    fc.array(step, { maxLength: 80 }),
    async ({ gapMs, delayMs, flush }, steps) => {
      const records = steps
        .map((each) => (each.ip === null ? { ...each, partition: 0 } : each))
        .map((each, index) => toRecord(each, index));
      let at = 0;
      const output = await runOver(
        records.map((record, i) => toLine(record, steps[i]!)),
        {
          pipeline: 'sessions',
          records: true,
          partitionedBy: 'key',
          gap: `${gapMs}ms`,
          delay: `${delayMs}ms`,
          flush,
          cut: () => steps[at++]!.cut,
        },
      );
      expect(output.map((line) => JSON.parse(line) as unknown)).toEqual(
        expectedSessions({ gapMs, delayMs, flush }, records),
      );
    },
  );
  await fc.assert(property, { numRuns: 1000 });
});
