import { writeFile } from 'node:fs/promises';
import { readToTheEnd } from '../backlog.js';
import { startJob } from '../job.js';
import { cpuSecondsOf, peakMemoryOf } from '../processes.js';
import { endOffsets } from '../topics.js';
import type { World } from '../world.js';
import type { JobName } from './engines.js';
import { watchServers, type Measured } from './measured.js';

/** The topics are keyed by what sessions and clicks are kept for. */
const INPUT = { hits: {}, sessions: { partitionedBy: 'key' }, clicks: { partitionedBy: 'key' } };

/**
 * A worker started, a job run over a topic and drained, so that every row is written, as those of Flink are at the end of its topic.
 * CPU seconds are those of the worker since its process began, and those of Temporal: of its own start, and while the worker ran.
 */
export async function runWeir(
  world: World,
  {
    job,
    topic,
    run,
    temporalStartUp,
  }: { job: JobName; topic: string; run: string; /** CPU seconds. */ temporalStartUp: number },
): Promise<Measured> {
  const { servers } = world;
  const ends = await endOffsets(world, topic);
  const events = ends.reduce((sum, end) => sum + end, 0);
  world.say(`weir: ${job}, ${events} events`);
  await forgetPeakMemory(servers.temporal);
  const watched = await watchServers(world);
  const temporalBefore = await cpuSecondsOf(servers.temporal);
  const start = performance.now();
  const worker = await world.startWorker();
  try {
    const running = await startJob(world, run, { pipeline: job, topic, ...INPUT[job] });
    await readToTheEnd(world, running, ends);
    const wrong = await running.drain();
    const wallSeconds = (performance.now() - start) / 1000;
    if (wrong.length > 0) throw new Error(wrong.join('; '));
    const temporalCpuSeconds = temporalStartUp + (await cpuSecondsOf(servers.temporal)) - temporalBefore;
    return {
      cpuSeconds: (await cpuSecondsOf(worker.pid)) + temporalCpuSeconds,
      temporalCpuSeconds,
      wallSeconds,
      peakBytes: await peakMemoryOf(worker.pid),
      temporalPeakBytes: await peakMemoryOf(servers.temporal),
      ...(await watched()),
    };
  } finally {
    await worker.stop();
  }
}

/** The peak begins anew: proc(5), clear_refs. */
function forgetPeakMemory(pid: number): Promise<void> {
  return writeFile(`/proc/${pid}/clear_refs`, '5');
}
