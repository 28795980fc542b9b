import Table from 'cli-table3';
import type { Measured } from './measured.js';
import type { Results } from './results.js';

export interface Latency {
  p50Ms: number;
  p99Ms: number;
}

/** What is known of one engine at one job; what is absent was not asked for, or failed. */
export interface Row {
  job: string;
  engine: string;
  /** The same job over a topic of {@link START_UP_EVENTS}. */
  startUp?: Measured;
  measured?: Measured;
  /** Over three times as many events. */
  thrice?: Measured;
  results?: Results & { agrees: boolean };
  latency?: Latency;
  /** Why something is absent, or what is to be known of a figure. */
  notes: string[];
}

export const START_UP_EVENTS = 1000;

/** CPU seconds that each further million of events costs, once everything is warm. */
export function slope(
  at: { events: number; cpuSeconds: number },
  more: { events: number; cpuSeconds: number },
): number {
  return (more.cpuSeconds - at.cpuSeconds) / ((more.events - at.events) / 1_000_000);
}

const MIB = 2 ** 20;
const HEAD = [
  'job',
  'engine',
  'CPU s',
  'start-up',
  'without',
  'slope',
  'wall s',
  'peak MB',
  'Postgres',
  'Kafka',
  'rows',
  'left open',
  'lost',
  'checksum',
  'p50 / p99 ms',
  'notes',
];
const NOTES_WIDTH = 40;

/** All rows as one table for people, for runs over so many events. */
export function peersTable(rows: readonly Row[], events: number): string {
  const table = new Table({
    head: HEAD,
    style: { head: [], border: [] },
    colWidths: HEAD.map((name) => (name === 'notes' ? NOTES_WIDTH : null)),
    wordWrap: true,
  });
  for (const row of rows) table.push(cells(row, events));
  return table.toString();
}

/** The cells of a row, in the order of the head; an empty one where nothing is known. */
export function cells(row: Row, events: number): string[] {
  const { startUp, measured, thrice, results, latency } = row;
  const has = measured ?? ({} as Partial<Measured>);
  const number = (value: number | undefined, digits = 1): string => value?.toFixed(digits) ?? '';
  const mib = (bytes: number | undefined): string =>
    bytes === undefined ? '' : String(Math.round(bytes / MIB));
  const withTemporal = (own: string, temporal: string): string =>
    temporal === '' ? own : `${own} (T ${temporal})`;
  return [
    row.job,
    row.engine,
    withTemporal(number(has.cpuSeconds), number(has.temporalCpuSeconds)),
    number(startUp?.cpuSeconds),
    measured && startUp ? number(measured.cpuSeconds - startUp.cpuSeconds) : '',
    measured && thrice
      ? number(
          slope(
            { events, cpuSeconds: measured.cpuSeconds },
            { events: 3 * events, cpuSeconds: thrice.cpuSeconds },
          ),
        )
      : '',
    number(has.wallSeconds, 0),
    withTemporal(mib(has.peakBytes), mib(has.temporalPeakBytes)),
    number(has.postgresCpuSeconds),
    number(has.kafkaCpuSeconds),
    results ? String(results.rows) : '',
    results ? String(results.open) : '',
    results ? String(results.lost) : '',
    results ? `${results.checksum} ${results.agrees ? '=' : '≠'}` : '',
    latency ? `${latency.p50Ms} / ${latency.p99Ms}` : '',
    row.notes.join('; '),
  ];
}
