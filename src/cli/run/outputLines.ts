import type { Counters } from '../../domain/accounting.js';
import type { FileRun } from './jobRun.js';
import type { LogRecord } from './logRecord.js';

export interface Output {
  run: FileRun;
  /** What a line of the input says. */
  toRecord: (line: string) => LogRecord;
  /** Whether each row says after which line of the input it became final, and a summary comes last. */
  trace: boolean;
  /** Whether the end of input makes everything final. */
  flush: boolean;
}

/**
 * The output of a run over `input`, lists of lines in log order: one JSON object a line, without its `\n`. What comes of one list comes as
 * one iterable, to be used up before the next is asked for.
 */
export async function* outputLines(
  input: AsyncIterable<readonly string[]>,
  { run, toRecord, trace, flush }: Output,
): AsyncGenerator<Iterable<string>, void, undefined> {
  let read = 0;
  function* linesFor(lines: readonly string[]): Generator<string> {
    for (const line of lines) {
      read++;
      for (const row of run.take(toRecord(line))) {
        yield JSON.stringify(trace ? { emitted_after: read, row } : row);
      }
    }
  }
  function* linesForEnd(): Generator<string> {
    for (const row of flush ? run.finish() : []) {
      yield JSON.stringify(trace ? { emitted_after: null, row } : row);
    }
    if (trace) yield JSON.stringify({ summary: summary(run.counters()) });
  }
  for await (const lines of input) yield linesFor(lines);
  yield linesForEnd();
}

function summary({ read, accepted, duplicate, late, rejected }: Counters) {
  return { read, accepted, duplicate, late, rejected };
}
