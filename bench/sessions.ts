import { measureBacklog } from './backlog.js';
import { sessionsOfTopic, differencesOfSessions } from './exactSessions.js';
import type { Outcome } from './report.js';
import { backlogTopic, endOffsets } from './topics.js';
import type { World } from './world.js';

const GAP_MS = 300_000;
const DELAY_MS = 30_000;

export async function measureSessions(world: World): Promise<Outcome> {
  const topic = await backlogTopic(world);
  const ends = await endOffsets(world, topic);
  const exact = await sessionsOfTopic(world, { topic, gapMs: GAP_MS, delayMs: DELAY_MS, ends });
  return measureBacklog(world, {
    pipeline: 'sessions',
    topic,
    input: { partitionedBy: 'key' },
    targets: { eventsPerSecond: 120_000, cpuSeconds: 13, historyMb: 8, memoryMib: 650 },
    compare: (job) => differencesOfSessions(world, job, exact),
  });
}
