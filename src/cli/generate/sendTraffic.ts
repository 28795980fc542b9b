import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordOutput } from '../output.js';
import type { TrafficRecord } from './traffic.js';

const LARGEST_BATCH = 4_000;
const TICK_MS = 20;

export interface TrafficCounts extends Record<TrafficRecord['kind'], number> {
  total: number;
}

export interface TrafficJob {
  records: Iterable<TrafficRecord>;
  output: RecordOutput;
  /** The pace; undefined: as fast as the output takes them. What was held up is sent as soon as it can be. */
  ratePerSecond: number | undefined;
  /** Ends the traffic early. */
  stop: AbortSignal;
  /** Called now and then with the counts so far. */
  onProgress: (counts: TrafficCounts) => void;
}

/** Sends the records, at a pace by the wall clock or as fast as possible, and says how many of each kind there were. */
export async function sendTraffic({
  records,
  output,
  ratePerSecond,
  stop,
  onProgress,
}: TrafficJob): Promise<TrafficCounts> {
  const counts: TrafficCounts = { total: 0, regular: 0, late: 0, malformed: 0, duplicate: 0 };
  const start = performance.now();
  const source = records[Symbol.iterator]();
  let ended = false;
  while (!ended && !stop.aborted) {
    const due =
      ratePerSecond === undefined ? Infinity : dueBy(performance.now() - start, ratePerSecond) - counts.total;
    if (due <= 0) {
      await sleep(TICK_MS);
      continue;
    }
    const batch: TrafficRecord[] = [];
    while (batch.length < Math.min(due, LARGEST_BATCH) && !ended) {
      const next = source.next();
      if (next.done === true) {
        ended = true;
      } else {
        batch.push(next.value);
        counts[next.value.kind]++;
      }
    }
    await output.write(batch);
    counts.total += batch.length;
    onProgress(counts);
  }
  return counts;
}

/** How many records a steady pace has reached after `elapsedMs`; the first is due at once. */
function dueBy(elapsedMs: number, ratePerSecond: number): number {
  return Math.floor((elapsedMs * ratePerSecond) / 1000) + 1;
}
