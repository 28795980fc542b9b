import { jsonRecord, partitionsIn, valueRecord } from '../../../src/cli/run/logRecord.js';
import { JobRun } from '../../../src/cli/run/jobRun.js';
import { outputLines } from '../../../src/cli/run/outputLines.js';
import { createAgentReader } from '../../../src/io/userAgent/readAgent.js';
import { parseJobInput } from '../../../src/pipelines/jobInput.js';

export interface Setup {
  /** hits, where none is given. */
  pipeline?: 'hits' | 'sessions';
  gap?: string;
  time?: 'event_time' | 'record';
  partitionedBy?: 'key';
  size?: string;
  slide?: string;
  offset?: string;
  delay?: string;
  records?: boolean;
  /** Empty partitions are added up to this number. */
  partitions?: number;
  flush?: boolean;
  /** Whether batches end before the next record. */
  cut?: () => boolean;
}

/** The output of a run with --trace over `lines`. */
export async function runOver(lines: readonly string[], setup: Setup = {}): Promise<string[]> {
  const { records = false, partitions: atLeast = 0, flush = true, cut = () => false, ...job } = setup;
  const partitions = records ? await partitionsIn(once(lines)) : new Set([0]);
  for (let number = 0; number < atLeast; number++) partitions.add(number);
  const run = new JobRun(parseJobInput({ pipeline: 'hits', ...job }, 'none'), partitions, {
    readAgent: createAgentReader(),
    placeOf: () => null,
  });
  const toRecord = (line: string) => {
    if (cut()) run.endBatches();
    return records ? jsonRecord(line) : valueRecord(line);
  };
  const output: string[] = [];
  for await (const some of outputLines(once(lines), { run, toRecord, trace: true, flush }))
    output.push(...some);
  return output;
}

// oxlint-disable-next-line require-await
async function* once<T>(item: T): AsyncGenerator<T, void, undefined> {
  yield item;
}

export interface Traced {
  emitted_after: number | null;
  row: {
    window_start: string;
    window_end: string;
    host: string | null;
    referrer: string | null;
    num_hits: number;
  };
}

/** The rows of a run's output, each as `<emitted after>: [<start>, <end>) <host> <referrer> <hits>`, times in epoch milliseconds. */
export function shownRows(output: readonly string[]): string[] {
  return output.slice(0, -1).map((line) => {
    const { emitted_after: after, row } = JSON.parse(line) as Traced;
    const window = `[${Date.parse(row.window_start)}, ${Date.parse(row.window_end)})`;
    return `${after ?? 'end'}: ${window} ${row.host} ${row.referrer} ${row.num_hits}`;
  });
}

/** The summary of a run's output: read, accepted, duplicate, late, rejected. */
export function counts(output: readonly string[]): number[] {
  const { summary } = JSON.parse(output.at(-1)!) as { summary: Record<string, number> };
  return ['read', 'accepted', 'duplicate', 'late', 'rejected'].map((name) => summary[name]!);
}

/** An event at `timeMs`, as a line. */
export function event(timeMs: number, host: string | null = 'a', referrer: string | null = null): string {
  return JSON.stringify({ event_time: new Date(timeMs).toISOString(), host, referrer });
}

/** A record with an event at `timeMs`, as a line for --records. */
export function record(
  partition: number,
  timeMs: number,
  more: { timestamp?: number | null; host?: string } = {},
): string {
  const { timestamp = null, host = 'a' } = more;
  return JSON.stringify({ partition, timestamp, key: null, value: event(timeMs, host) });
}
