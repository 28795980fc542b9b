import { measureBacklog } from './backlog.js';
import { countTopic, differences } from './exact.js';
import type { Outcome } from './report.js';
import { backlogTopic, endOffsets } from './topics.js';
import type { World } from './world.js';

const SIZE_MS = 300_000;

export async function measureHits(world: World): Promise<Outcome> {
  const topic = await backlogTopic(world);
  const ends = await endOffsets(world, topic);
  // First, so that the broker is as warm as one that has been running for a while: Java's first reads cost three times as much.
  const exact = await countTopic(world, { topic, sizeMs: SIZE_MS, ends });
  return measureBacklog(world, {
    pipeline: 'hits',
    topic,
    targets: { eventsPerSecond: 220_000, cpuSeconds: 7, historyMb: 3, memoryMib: 450 },
    compare: (job) => differences(world, job, exact),
  });
}
