import { countTopic, differences } from './exact.js';
import { historyOf } from './history.js';
import { startJob } from './job.js';
import { cpuSecondsOf, peakMemoryOf } from './processes.js';
import { target, type Outcome } from './report.js';
import { backlogTopic, endOffsets } from './topics.js';
import type { WorkerProcess } from './worker.js';
import type { World } from './world.js';

const EVENTS = 1_000_000;
const SIZE_MS = 300_000;
const MB = 1_000_000;
/** As ps and the report on the other engines count memory. */
const MIB = 2 ** 20;

/** A topic of a million events, read from the beginning to the last row. */
export async function measureHits(world: World): Promise<Outcome> {
  const topic = await backlogTopic(world, EVENTS);
  const ends = await endOffsets(world, topic);
  // First, so that the broker is as warm as one that has been running for a while: Java's first reads cost three times as much.
  const exact = await countTopic(world, { topic, sizeMs: SIZE_MS, ends });
  const worker = await world.startWorker();
  try {
    const before = await spent(world, worker);
    const start = Date.now();
    world.say('reading the backlog');
    const job = await startJob(world, `hits-${start}`, { topic });
    const partitions = await job.until(
      (found) =>
        found.length === ends.length && found.every(({ offset }, partition) => offset === ends[partition]),
      { ms: 300_000, what: 'the end of the backlog' },
    );
    const after = await spent(world, worker);
    const seconds = (Math.max(...partitions.map(({ at }) => at)) - start) / 1000;
    const peakBytes = await peakMemoryOf(worker.pid);
    const history = await historyOf(world, job.name);
    const commits = partitions.reduce((sum, { number }) => sum + number, 0);

    const wrong = await job.drain();
    wrong.push(...(await differences(world, job.name, exact)));

    const cpu = (name: keyof Spent): number => after[name] - before[name];
    const shared = cpu('worker') + cpu('temporal') + cpu('postgres');
    const each = (['worker', 'temporal', 'postgres', 'kafka'] as const).map(
      (name) => `${name} ${cpu(name).toFixed(2)}`,
    );
    const perSecond = EVENTS / seconds;
    return {
      wrong,
      figures: [
        {
          figure: 'backlog, events/s',
          measured: `${Math.round(perSecond / 1000)} k`,
          target: target('220 k', perSecond >= 220_000),
        },
        {
          figure: 'CPU s per million events: worker + Temporal + Postgres',
          measured: shared.toFixed(2),
          target: target('7', shared <= 7),
        },
        { figure: '  of each, and Kafka', measured: each.join(', ') },
        { figure: '  worker start-up, apart', measured: worker.startUpCpuSeconds.toFixed(2) },
        {
          figure: 'history per million events',
          measured: `${(history.bytes / MB).toFixed(1)} MB, ${history.events} events`,
          target: target('3 MB', history.bytes <= 3 * MB),
        },
        {
          figure: "  growth of Temporal's database",
          measured: `${((after.disk - before.disk) / MB).toFixed(1)} MB`,
        },
        { figure: '  batches, commits', measured: `${history.batches}, ${commits}` },
        {
          figure: 'worker memory, peak',
          measured: `${Math.round(peakBytes / MIB)} MB`,
          target: target('350 MB', peakBytes <= 350 * MIB),
        },
      ],
    };
  } finally {
    await worker.stop();
  }
}

/** CPU seconds so far, and bytes of Temporal's database. */
type Spent = Record<'worker' | 'temporal' | 'postgres' | 'kafka' | 'disk', number>;

async function spent({ servers, temporalBytes }: World, { pid }: WorkerProcess): Promise<Spent> {
  return {
    worker: await cpuSecondsOf(pid),
    temporal: await cpuSecondsOf(servers.temporal),
    postgres: await cpuSecondsOf(servers.postgres),
    kafka: await cpuSecondsOf(servers.kafka),
    disk: await temporalBytes(),
  };
}
