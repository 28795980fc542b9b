import { createReadStream, existsSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { importLog } from '../../../src/cli/import/importLog.js';
import { seededRandom } from '../../../src/cli/generate/random.js';
import { testSeed } from '../../support/scenarios.js';
import { memoryOutput } from '../support/memoryOutput.js';
import { expectedSessions, type VisitRecord } from './sessionsReference.js';
import { counts, runOver, type Setup } from './support.js';

const REAL_LOG = new URL('../../../../shared/data/apache_logs.log', import.meta.url);

interface Row {
  emitted_after: number | null;
  row: Record<string, unknown> & { session_start: string; window_end: string; event_count: number };
}

function rowsOf(output: readonly string[]): Row[] {
  return output.slice(0, -1).map((line) => JSON.parse(line) as Row);
}

describe.skipIf(!existsSync(REAL_LOG))(
  'sessions of a real log (skipped where ../shared/data is absent)',
  () => {
    const setup: Setup = { pipeline: 'sessions' };
    let lines: string[];
    let uncut: string[];

    beforeAll(async () => {
      const output = memoryOutput();
      await importLog({ source: createReadStream(REAL_LOG), output, host: 'h', onProgress: () => undefined });
      lines = output.records.map(({ value }) => String(value));
      uncut = await runOver(lines, setup);
    });

    it('are 3,052 with 9,999 events; the line that is cut off is rejected, and none is late', () => {
      const rows = rowsOf(uncut);
      expect(rows).toHaveLength(3052);
      expect(rows.reduce((sum, { row }) => sum + row.event_count, 0)).toBe(9999);
      expect(counts(uncut)).toEqual([10_000, 9999, 0, 0, 1]);
      expect(new Set(rows.map(({ row }) => row['session_id'])).size).toBe(3052);
    });

    it('give the same bytes in 50 random batch cuts', async () => {
      const random = seededRandom(testSeed());
      for (let round = 0; round < 50; round++) {
        const share = random.share() ** 4; // most rounds: batches of ten records and more
        const cut = () => random.share() < share;
        const output = await runOver(lines, { ...setup, cut });
        expect(output.join('\n') === uncut.join('\n'), `round ${round}`).toBe(true);
      }
    });

    it('become final after exactly the lines that a slow reference says', () => {
      const records = lines.map((line): VisitRecord => {
        const fields =
          line.startsWith('{') && line.endsWith('}')
            ? (JSON.parse(line) as Record<string, string | null>)
            : null;
        const agent = { os: null, browser: null, device: null, isBot: false };
        const visit = fields && {
          timeMs: Date.parse(fields['event_time']!),
          user: fields['user_id'] ?? null,
          ip: fields['ip'] ?? null,
          host: fields['host'] ?? null,
          agent,
        };
        return { partition: 0, timestampMs: null, visit };
      });
      const expected = expectedSessions({ gapMs: 300_000, delayMs: 30_000, flush: true }, records) as Row[];
      const shown = (rows: Row[]) =>
        rows.map(({ emitted_after, row }) => {
          const { session_id, user_id, ip, session_start, session_end, window_end, event_count } = row;
          return [
            emitted_after,
            session_id,
            user_id,
            ip,
            session_start,
            session_end,
            window_end,
            event_count,
          ].join();
        });
      expect(shown(rowsOf(uncut))).toEqual(shown(expected.slice(0, -1)));
    });
  },
);

const visit = (timeMs: number, fields: object = {}) =>
  JSON.stringify({ event_time: new Date(timeMs).toISOString(), ip: 'a', ...fields });
const record = (timestamp: number | null, fields: object = {}, partition = 0) =>
  JSON.stringify({ partition, timestamp, value: JSON.stringify({ ip: 'a', ...fields }) });

/** As `<emitted after>: [<start>, <window end>) <ip> <count>`, in epoch milliseconds. */
function shown(output: readonly string[]): string[] {
  return rowsOf(output).map(({ emitted_after: after, row }) => {
    const span = `[${Date.parse(row.session_start)}, ${Date.parse(row.window_end)})`;
    return `${after ?? 'end'}: ${span} ${String(row['ip'])} ${row.event_count}`;
  });
}

interface Case {
  rule: string;
  setup?: Setup;
  lines: string[];
  rows: string[];
  /** Of the records that were read: accepted, late, rejected. */
  counts: [accepted: number, late: number, rejected: number];
}

describe('sessions', () => {
  it.each<Case>([
    {
      rule: 'final when the watermark is at the last event and the gap, exactly',
      lines: [visit(0), visit(15, { ip: 'b' })],
      rows: ['2: [0, 10) a 1', 'end: [15, 25) b 1'],
      counts: [2, 0, 0],
    },
    {
      rule: 'not one millisecond before',
      lines: [visit(0), visit(14, { ip: 'b' })],
      rows: ['end: [0, 10) a 1', 'end: [14, 24) b 1'],
      counts: [2, 0, 0],
    },
    {
      rule: 'a record is late when its own gap ended at the watermark, exactly, whatever is open',
      lines: [visit(0), visit(10), visit(15, { ip: 'b' }), visit(0)],
      rows: ['end: [0, 20) a 2', 'end: [15, 25) b 1'],
      counts: [3, 1, 0],
    },
    {
      rule: 'it is not one millisecond before',
      lines: [visit(0), visit(10), visit(14, { ip: 'b' }), visit(0)],
      rows: ['end: [0, 20) a 3', 'end: [14, 24) b 1'],
      counts: [4, 0, 0],
    },
    {
      rule: 'a record may make a session final and join another',
      lines: [visit(0), visit(5, { ip: 'b' }), visit(15, { ip: 'b' })],
      rows: ['3: [0, 10) a 1', 'end: [5, 25) b 2'],
      counts: [3, 0, 0],
    },
    {
      rule: 'without flush the end of input makes nothing final',
      setup: { flush: false },
      lines: [visit(0), visit(15, { ip: 'b' })],
      rows: ['2: [0, 10) a 1'],
      counts: [2, 0, 0],
    },
    {
      rule: "by the time of the record, the event's own plays no part",
      setup: { records: true, time: 'record' },
      lines: [record(0), record(10, { event_time: 'soon' }), record(21), record(36, { ip: 'b' })],
      rows: ['4: [0, 20) a 2', '4: [21, 31) a 1', 'end: [36, 46) b 1'],
      counts: [4, 0, 0],
    },
    {
      rule: 'by the time of the record, one without is rejected',
      setup: { records: true, time: 'record' },
      lines: [record(null, { event_time: 5 }), record(-1), record(0)],
      rows: ['end: [0, 10) a 1'],
      counts: [1, 0, 2],
    },
    {
      rule: 'each partition closes its own, by its own watermark',
      setup: { records: true, partitionedBy: 'key' },
      lines: [
        record(null, { event_time: 0 }, 0),
        record(null, { event_time: 0, ip: 'b' }, 1),
        record(null, { event_time: 1, ip: 'c' }, 1),
        record(null, { event_time: 0.001 }, 0),
      ],
      rows: ['3: [0, 10) b 1', 'end: [0, 11) a 2', 'end: [1000, 1010) c 1'],
      counts: [4, 0, 0],
    },
    { rule: 'no input gives none', lines: [], rows: [], counts: [0, 0, 0] },
  ])('$rule', async ({ setup, lines, rows, counts: [accepted, late, rejected] }) => {
    const output = await runOver(lines, { pipeline: 'sessions', gap: '10ms', delay: '5ms', ...setup });
    expect(shown(output)).toEqual(rows);
    expect(counts(output)).toEqual([lines.length, accepted, 0, late, rejected]);
  });
});
