/** A hits job over live traffic, whose rows are compared with an exact pass in the end. */
import { countTopic, differences } from './exact.js';
import { startJob, type RunningJob } from './job.js';
import { endOffsets } from './topics.js';
import { startTraffic } from './traffic.js';
import type { World } from './world.js';

/** The windows of the job, and its delay, in ms. */
export const SIZE_MS = 10_000;
const DELAY_MS = 1000;

export interface LiveJob {
  job: RunningJob;
  /** Ends the traffic; resolves with what {@link startTraffic} gives. */
  stopTraffic(): ReturnType<Awaited<ReturnType<typeof startTraffic>>['stop']>;
  /** Drains the job, of whose traffic the end has been sent; sentences about rows and counters that are not as they have to be. */
  drain(): Promise<string[]>;
}

/** Starts 2,000 events a second and a job that reads them. */
export async function startLiveJob(world: World, what: string): Promise<LiveJob> {
  const traffic = await startTraffic(world, { eventsPerSecond: 2000, sizeMs: SIZE_MS, delayMs: DELAY_MS });
  const { topic } = traffic;
  const job = await startJob(world, `${what}-${Date.now()}`, {
    pipeline: 'hits',
    topic,
    size: `${SIZE_MS}ms`,
    delay: `${DELAY_MS}ms`,
  });
  return {
    job,
    stopTraffic: () => traffic.stop(),
    async drain() {
      const wrong = await job.drain();
      const ends = await endOffsets(world, topic);
      const exact = await countTopic(world, { topic, sizeMs: SIZE_MS, ends });
      return [...wrong, ...(await differences(world, job.name, exact))];
    },
  };
}
