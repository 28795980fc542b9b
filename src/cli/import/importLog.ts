import type { RecordOutput } from '../output.js';
import type { OutgoingRecord } from '../../io/kafka/writer.js';
import { parseAccessLogLine } from './accessLog.js';
import { readLines } from './lines.js';

/** What an import has done. `lines` = `events` + `cutOff`; empty lines are not counted. */
export interface ImportCounts {
  lines: number;
  events: number;
  /** Lines that are no access log line; they were sent as they are, so that they end in `weir.rejected`. */
  cutOff: number;
}

export interface ImportJob {
  source: AsyncIterable<Buffer>;
  output: RecordOutput;
  /** The host of lines that name none; null: none. */
  host: string | null;
  /** Called now and then with the counts so far. */
  onProgress: (counts: ImportCounts) => void;
}

/** Sends every line of an access log as a record. Throws what reading and writing throw; the lines before have been sent. */
export async function importLog({ source, output, host, onProgress }: ImportJob): Promise<ImportCounts> {
  const counts: ImportCounts = { lines: 0, events: 0, cutOff: 0 };
  for await (const lines of readLines(source)) {
    const records = lines.filter((line) => line !== '' && line !== '\r').map((line) => toRecord(line, host));
    if (records.length === 0) continue;
    await output.write(records);
    const cutOff = records.filter(({ value }) => Buffer.isBuffer(value)).length;
    counts.lines += records.length;
    counts.cutOff += cutOff;
    counts.events += records.length - cutOff;
    onProgress(counts);
  }
  return counts;
}

/**
 * The record of one line: the event as JSON, keyed by the client's address (null where the log has none); a line that cannot be read
 * is its own bytes, without a key.
 *
 * @param line one character a byte, without its `\n`
 */
function toRecord(line: string, host: string | null): OutgoingRecord {
  const event = parseAccessLogLine(line.endsWith('\r') ? line.slice(0, -1) : line, host);
  if (event === null) return { key: null, value: Buffer.from(line, 'latin1') };
  return { key: event.ip, value: JSON.stringify(event) };
}
