import type { RecordOutput } from '../../../src/cli/output.js';
import type { OutgoingRecord } from '../../../src/io/kafka/writer.js';

/** Keeps what is written. */
export function memoryOutput(): RecordOutput & { records: OutgoingRecord[] } {
  const records: OutgoingRecord[] = [];
  return {
    records,
    write: (some) => {
      records.push(...some);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
}
