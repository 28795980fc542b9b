import { measureBacklog } from './backlog.js';
import { clicksOfTopic, differencesOfClicks } from './exactClicks.js';
import type { Outcome } from './report.js';
import { clicksTopic, endOffsets, EVENTS } from './topics.js';
import type { World } from './world.js';

const RULES = { sizeMs: 300_000, gapMs: 300_000, dedupeWithinMs: 60_000 };

export async function measureClicks(world: World): Promise<Outcome> {
  const topic = await clicksTopic(world, EVENTS);
  const ends = await endOffsets(world, topic);
  const exact = await clicksOfTopic(world, { topic, ends, ...RULES });
  return measureBacklog(world, {
    pipeline: 'clicks',
    topic,
    input: { partitionedBy: 'key' },
    targets: { eventsPerSecond: 120_000, cpuSeconds: 15, historyMb: 25, memoryMib: 600 },
    duplicates: exact.duplicates,
    compare: (job) => differencesOfClicks(world, job, exact),
  });
}
