import { setTimeout as sleep } from 'node:timers/promises';
import { SIZE_MS, startLiveJob } from './liveJob.js';
import { percentile, target, type Outcome } from './report.js';
import type { World } from './world.js';

const WARM_UP_MS = 20_000;
const MEASURE_MS = 60_000;
const POLL_MS = 10;

/** Fewer would say nothing about a percentile. */
const LEAST = { windows: 6, rows: 3000 };

export interface Latencies {
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
  windows: number;
  rows: number;
  /** Sentences about what is not as it has to be. */
  wrong: string[];
}

export async function measureLatency(world: World): Promise<Outcome> {
  const { p50Ms, p99Ms, maxMs, windows, rows, wrong } = await latencies(world);
  return {
    wrong,
    figures: [
      {
        figure: 'produce to visible row, p50 / p99',
        measured: `${p50Ms} / ${p99Ms} ms`,
        target: target('120 / 200 ms', p50Ms <= 120 && p99Ms <= 200),
      },
      { figure: '  max; windows, rows', measured: `${maxMs} ms; ${windows}, ${rows}` },
    ],
  };
}

/** From producing the first record at or past window end + delay to the row being visible in `aggregated_web_traffic`. */
export async function latencies(world: World): Promise<Latencies> {
  const worker = await world.startWorker();
  try {
    const live = await startLiveJob(world, 'latency');
    const { job } = live;
    const from = Date.now() + WARM_UP_MS;
    const to = from + MEASURE_MS;
    world.say(`warming up for ${WARM_UP_MS / 1000} s, then measuring for ${MEASURE_MS / 1000} s`);
    const seen = await watchView(world, { job: job.name, until: to + SIZE_MS / 2 });
    const { crossings } = await live.stopTraffic();

    const wrong = await live.drain();

    const measured = crossings.filter(([, at]) => at >= from && at < to);
    const found: number[] = [];
    for (const [end, crossedAt] of measured) {
      const shown = seen.get(end);
      if (shown === undefined) wrong.push(`window end ${new Date(end).toISOString()} was not shown in time`);
      else for (let row = 0; row < shown.rows; row++) found.push(shown.at - crossedAt);
    }
    if (measured.length < LEAST.windows || found.length < LEAST.rows) {
      wrong.push(`only ${measured.length} windows and ${found.length} rows were measured`);
    }
    found.sort((a, b) => a - b);
    const [p50Ms, p99Ms, maxMs] = [0.5, 0.99, 1].map((p) => Math.round(percentile(found, p)));
    return {
      p50Ms: p50Ms!,
      p99Ms: p99Ms!,
      maxMs: maxMs!,
      windows: measured.length,
      rows: found.length,
      wrong,
    };
  } finally {
    await worker.stop();
  }
}

interface Shown {
  /** Epoch ms at which a poll first saw rows of the window. */
  at: number;
  rows: number;
}

/**
 * Polls the view for windows that it has not shown before. A window is shown whole, at one moment, and never changes (the job's line):
 * that it is so, the comparison with the topic proves afterwards.
 */
async function watchView(
  { db }: World,
  { job, until }: { job: string; until: number },
): Promise<Map<number, Shown>> {
  const seen = new Map<number, Shown>();
  let latest = 0;
  for (let next = Date.now(); next < until; next = Math.max(next + POLL_MS, Date.now())) {
    await sleep(next - Date.now());
    const { rows } = await db.query<{ end: number; rows: number }>({
      name: 'bench-view',
      text: `select (extract(epoch from window_end) * 1000)::bigint as end, count(*) as rows
             from aggregated_web_traffic where job = $1 and window_start >= to_timestamp($2) group by window_end`,
      values: [job, latest / 1000],
    });
    const at = Date.now();
    for (const { end, rows: count } of rows) {
      seen.set(end, { at, rows: count });
      latest = Math.max(latest, end);
    }
  }
  return seen;
}
