import { setTimeout as sleep } from 'node:timers/promises';
import type { Committed } from './job.js';
import { startLiveJob } from './liveJob.js';
import { target, type Outcome } from './report.js';
import { PARTITIONS } from './topics.js';
import type { World } from './world.js';

const KILLS = 5;
/** A kill comes after this long, and up to as long again. */
const QUIET_MS = 3000;
/** What a killed worker had sent to Postgres is there by then, and a new worker has done nothing yet. */
const SETTLE_MS = 200;

/** From SIGKILL of the worker, under live traffic, to the next commit of every partition; a new worker is started at once. */
export async function measureRecovery(world: World): Promise<Outcome> {
  let worker = await world.startWorker();
  const live = await startLiveJob(world, 'recovery');
  const { job } = live;
  const limit = { ms: 60_000, what: 'every partition to go on' };
  await job.until((found) => found.length === PARTITIONS && found.every(({ number }) => number > 0), limit);

  const seconds: number[] = [];
  while (seconds.length < KILLS) {
    await sleep(QUIET_MS * (1 + Math.random()));
    const killedAt = Date.now();
    await worker.kill();
    const started = world.startWorker();
    await sleep(SETTLE_MS);
    const before = await job.committed();
    const first = new Map<number, number>();
    await job.until((found) => noteFirst(first, { before, found }) === before.length, limit);
    worker = await started;
    const took = (Math.max(...first.values()) - killedAt) / 1000;
    seconds.push(took);
    world.say(
      `kill ${seconds.length} of ${KILLS}: every partition had committed again after ${took.toFixed(1)} s`,
    );
  }

  await live.stopTraffic();
  const wrong = await live.drain();
  await worker.stop();
  seconds.sort((a, b) => a - b);
  const [least, median, most] = [0, Math.floor(KILLS / 2), KILLS - 1].map((i) => seconds[i]!.toFixed(1));
  return {
    wrong,
    figures: [
      {
        figure: `worker killed to progress in every partition, min / median / max of ${KILLS}`,
        measured: `${least} / ${median} / ${most} s`,
        target: target('5 s', seconds.at(-1)! <= 5),
      },
    ],
  };
}

/** Notes when each partition's first commit after `before` was seen made; returns how many have made one. */
function noteFirst(
  first: Map<number, number>,
  { before, found }: { before: readonly Committed[]; found: readonly Committed[] },
): number {
  for (const { partition, number, at } of found) {
    if (number > before[partition]!.number && !first.has(partition)) first.set(partition, at);
  }
  return first.size;
}
