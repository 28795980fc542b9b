import { setTimeout as sleep } from 'node:timers/promises';
import type { Committed } from './job.js';
import { startLiveJob } from './liveJob.js';
import { target, type Figure, type Outcome } from './report.js';
import { PARTITIONS } from './topics.js';
import type { World } from './world.js';

const ROUNDS = 3;
const CALM_MS = 5000;
const WORKERS = 2;

/** Two workers under live traffic, restarted one after the other in good order: how long each partition goes without a commit. */
export async function measureRestart(world: World): Promise<Outcome> {
  const workers = [await world.startWorker(), await world.startWorker()];
  const live = await startLiveJob(world, 'restart');
  const { job } = live;
  const limit = { ms: 60_000, what: 'every partition to go on' };
  await job.until((found) => found.length === PARTITIONS && found.every(({ number }) => number > 0), limit);

  const calm: number[] = [];
  const restarted: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < WORKERS; i++) {
      calm.push(...(await longestGaps(() => sleep(CALM_MS))));
      restarted.push(
        ...(await longestGaps(async () => {
          await workers[i]!.stop();
          workers[i] = await world.startWorker();
          await sleep(CALM_MS);
        })),
      );
      world.say(`restart ${round * WORKERS + i + 1} of ${ROUNDS * WORKERS}`);
    }
  }

  await live.stopTraffic();
  const wrong = await live.drain();
  await Promise.all(workers.map((worker) => worker.stop()));
  const figures = [figureOf('in calm', calm), figureOf('around the restart of a worker', restarted)];
  const lost = Math.max(...restarted) - Math.max(...calm);
  figures[1]!.target = target('2 s more than in calm', lost <= 2000);
  return { wrong, figures };

  /** By partition, the longest time in ms between two commits while `work` runs. */
  async function longestGaps(work: () => Promise<void>): Promise<number[]> {
    let over = false;
    const done = work().finally(() => (over = true));
    const last = new Map<number, Committed>();
    const longest = new Map<number, number>();
    await job.until((found) => {
      for (const each of found) {
        const { partition, at } = each;
        const gap = at - (last.get(partition)?.at ?? at);
        longest.set(partition, Math.max(longest.get(partition) ?? 0, gap));
        last.set(partition, each);
      }
      return over;
    }, limit);
    await done;
    return [...longest.values()];
  }
}

function figureOf(when: string, gapsMs: number[]): Figure {
  const sorted = gapsMs.toSorted((a, b) => a - b);
  const [least, median, most] = [0, Math.floor(sorted.length / 2), sorted.length - 1].map((i) =>
    (sorted[i]! / 1000).toFixed(1),
  );
  return {
    figure: `longest time between two commits of a partition ${when}, min / median / max of ${sorted.length}`,
    measured: `${least} / ${median} / ${most} s`,
  };
}
