import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { jsonRecord } from '../../../src/cli/run/logRecord.js';
import { outputLines } from '../../../src/cli/run/outputLines.js';
import { RegroupedRun } from '../../../src/cli/run/regroupedRun.js';
import { createAgentReader } from '../../../src/io/userAgent/readAgent.js';
import { acceptedOf, finalSessions, type SourceRecord } from '../../support/regroupReference.js';
import { clicksJob } from '../../support/clicksJob.js';
import { sessionsJob } from '../../support/sessionsJob.js';
import { counts } from './support.js';

const step = fc.record({
  partition: fc.nat(2),
  key: fc.constantFrom('a', 'a', 'b'),
  awayMs: fc.integer({ min: -40, max: 15 }),
  cut: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Setup {
  gapMs: number;
  delayMs: number;
  partitions: number;
  flush: boolean;
}

async function shown(
  steps: readonly Step[],
  { gapMs, delayMs, partitions, flush }: Setup,
): Promise<string[]> {
  const run = new RegroupedRun(sessionsJob({ gapMs, delayMs }), Array.from({ length: partitions }).keys(), {
    readAgent: createAgentReader(),
    placeOf: () => null,
  });
  const lines = steps.map(({ partition, key, awayMs }, at) => {
    const offset = steps.slice(0, at).filter((each) => each.partition === partition).length;
    const event_time = new Date(timeOf(at, awayMs)).toISOString();
    return JSON.stringify({ partition, value: { ip: key, host: `${partition}:${offset}`, event_time } });
  });
  let at = 0;
  const toRecord = (line: string) => {
    if (steps[at++]!.cut) run.endBatches();
    return jsonRecord(line);
  };
  const output: string[] = [];
  for await (const some of outputLines(once(lines), { run, toRecord, trace: true, flush }))
    output.push(...some);
  return output;
}

/** The same, by looking at everything anew after every record. */
function reference(steps: readonly Step[], { gapMs, delayMs, partitions, flush }: Setup): string[] {
  const rows: string[] = [];
  const known = new Set<string>();
  const emit = (after: number | null, line: number, read: number): void => {
    const fresh = finalSessions(accepted(read), { gapMs, line })
      .map(({ key, first, last, count, earliest }) => ({
        first,
        last,
        key,
        row: [key, first, last, count, earliest],
      }))
      .filter(({ row }) => !known.has(row.join()))
      .sort((a, b) => a.last - b.last || a.first - b.first || (a.key < b.key ? -1 : 1));
    for (const { row } of fresh) {
      known.add(row.join());
      rows.push(`${after ?? 'end'}: ${row.join(' ')}`);
    }
  };
  const logs = (read: number): SourceRecord[][] =>
    Array.from({ length: partitions }, (_, partition) =>
      steps
        .slice(0, read)
        .flatMap(({ partition: of, key, awayMs }, at) =>
          of === partition ? [{ key, time: timeOf(at, awayMs) }] : [],
        ),
    );
  const accepted = (read: number) =>
    logs(read).flatMap((log, source) => acceptedOf(log, { source, gapMs, delayMs, advances: [] }));
  for (let read = 1; read <= steps.length; read++) {
    const watermarks = logs(read).map((log) => Math.max(...log.map(({ time }) => time - delayMs)));
    emit(read, Math.min(...watermarks), read);
  }
  if (flush) emit(null, Infinity, steps.length);
  return [...rows, `late ${steps.length - accepted(steps.length).length}`];
}

function timeOf(at: number, awayMs: number): number {
  return 1000 + at * 4 + awayMs;
}

it('shows sessions of several partitions once all have passed their end, as a slow reference does', async () => {
  const setup = fc.record({
    gapMs: fc.integer({ min: 1, max: 20 }),
    delayMs: fc.integer({ min: 0, max: 15 }),
    partitions: fc.constantFrom(3, 3, 3, 4),
    flush: fc.boolean(),
  });
  const property = fc.asyncProperty(setup, fc.array(step, { maxLength: 40 }), async (given, steps) => {
    const output = await shown(steps, given);
    const rows = output.slice(0, -1).map((line) => {
      const { emitted_after: after, row } = JSON.parse(line) as { emitted_after: number | null; row: Row };
      const times = [row.session_start, row.session_end].map((at) => Date.parse(at)).join(' ');
      return `${after ?? 'end'}: ${row.ip} ${times} ${row.event_count} ${row.host}`;
    });
    expect([...rows, `late ${counts(output)[3]}`]).toEqual(reference(steps, given));
  });
  await fc.assert(property, { numRuns: 500 });
});

it('counts a copy that another partition has as a duplicate, not as accepted', async () => {
  const run = new RegroupedRun(clicksJob(), [0, 1], {
    readAgent: createAgentReader(),
    placeOf: () => null,
  });
  const click = (partition: number, at: number) =>
    JSON.stringify({ partition, value: { key: 'e1', timestamp: at, user_id: 'ann', url: '/' } });
  const start = Date.UTC(2026, 0, 1);
  const lines = [click(0, start), click(1, start + 60_000), click(1, start + 120_001)];
  const output: string[] = [];
  for await (const some of outputLines(once(lines), { run, toRecord: jsonRecord, trace: true, flush: true }))
    output.push(...some);
  expect(output.slice(0, -1).map((line) => (JSON.parse(line) as Clicks).row.number_of_clicks)).toEqual([2]);
  expect(counts(output)).toEqual([3, 2, 1, 0, 0]);
});

interface Clicks {
  row: { number_of_clicks: number };
}

interface Row {
  ip: string;
  session_start: string;
  session_end: string;
  event_count: number;
  host: string;
}

// oxlint-disable-next-line require-await
async function* once<T>(item: T): AsyncGenerator<T, void, undefined> {
  yield item;
}
