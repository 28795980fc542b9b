import { measureBacklog } from './backlog.js';
import { differencesOfSessions, sessionsOfTopic } from './exactSessions.js';
import { target, type Outcome } from './report.js';
import { backlogTopic, endOffsets, EVENTS } from './topics.js';
import type { World } from './world.js';

const GAP_MS = 300_000;
const DELAY_MS = 30_000;
/** Of the topics whose records are dealt over all partitions. */
const PARTITIONS = [1, 2, 4, 16];
const COMPARED = 4;
const AT_MOST = 2;

/** Sessions of a topic without keys, over several numbers of partitions, beside one that is keyed by visitor. */
export async function measureRegroup(world: World): Promise<Outcome> {
  const keyed = await measured(world, { key: 'ip', partitions: COMPARED });
  const outcome: Outcome = { wrong: [...keyed.wrong], figures: [...keyed.figures] };
  for (const partitions of PARTITIONS) {
    const dealt = await measured(world, { key: 'none', partitions });
    const times = dealt.cpuSeconds / keyed.cpuSeconds;
    const isMore = partitions === COMPARED ? { target: target(`${AT_MOST}`, times <= AT_MOST) } : {};
    outcome.wrong.push(...dealt.wrong);
    outcome.figures.push(...dealt.figures, {
      figure: `dealt over ${partitions}: CPU s with Kafka, times those of the keyed run`,
      measured: times.toFixed(2),
      ...isMore,
    });
  }
  return outcome;
}

async function measured(
  world: World,
  { key, partitions }: { key: 'ip' | 'none'; partitions: number },
): Promise<Outcome & { cpuSeconds: number }> {
  const topic = await backlogTopic(world, { events: EVENTS, partitions, key });
  const ends = await endOffsets(world, topic);
  const exact = await sessionsOfTopic(world, { topic, gapMs: GAP_MS, delayMs: DELAY_MS, ends });
  return measureBacklog(world, {
    pipeline: 'sessions',
    label: key === 'ip' ? `keyed, ${partitions} partitions` : `dealt over ${partitions}`,
    topic,
    input: key === 'ip' ? { partitionedBy: 'key' } : {},
    targets: {},
    compare: (job) => differencesOfSessions(world, job, exact),
  });
}
