import { historyOf } from './history.js';
import { internalTopic } from '../src/io/kafka/internalTopic.js';
import { startJob, type RunningJob, type Committed } from './job.js';
import { cpuSecondsOf, peakMemoryOf } from './processes.js';
import { target, type Figure, type Outcome } from './report.js';
import { EVENTS, endOffsets } from './topics.js';
import type { WorkerProcess } from './worker.js';
import type { World } from './world.js';

const MB = 1_000_000;
/** As ps and the report on the other engines count memory. */
const MIB = 2 ** 20;

/** What a pipeline should reach. */
interface BacklogTargets {
  eventsPerSecond: number;
  /** Per million events: worker, Temporal and Postgres. */
  cpuSeconds: number;
  historyMb: number;
  memoryMib: number;
}

export interface Backlog {
  pipeline: string;
  /** What figures are called by; left out: the pipeline. */
  label?: string;
  topic: string;
  /** The job's input but for pipeline and topic. */
  input?: Record<string, unknown>;
  targets: Partial<BacklogTargets>;
  /** How many records are duplicates; left out: none. */
  duplicates?: number;
  /** Compares what the drained job has written with an exact pass; returns sentences about what differs. */
  compare: (job: string) => Promise<string[]>;
}

/** A topic of a million events, read from the beginning to the last row. */
export async function measureBacklog(
  world: World,
  backlog: Backlog,
): Promise<Outcome & { cpuSeconds: number }> {
  const { pipeline, label = pipeline, topic, input = {}, targets } = backlog;
  const ends = await endOffsets(world, topic);
  const worker = await world.startWorker();
  try {
    const before = await spent(world, worker);
    const start = Date.now();
    world.say(`reading the backlog: ${label}`);
    const job = await startJob(world, `${pipeline}-${start}`, { pipeline, topic, ...input });
    const partitions = await readToTheEnd(world, job, ends);
    const after = await spent(world, worker);
    const seconds = (Math.max(...partitions.map(({ at }) => at)) - start) / 1000;
    const internalBytes = await world.topicBytes(internalTopic(job.name, 0));
    const peakBytes = await peakMemoryOf(worker.pid);
    const history = await historyOf(world, job.name);
    const commits = partitions.reduce((sum, { number }) => sum + number, 0);

    const wrong = await job.drain(backlog.duplicates);
    wrong.push(...(await backlog.compare(job.name)));

    const cpu = (name: keyof Spent): number => after[name] - before[name];
    const shared = cpu('worker') + cpu('temporal') + cpu('postgres');
    const each = (['worker', 'temporal', 'postgres', 'kafka'] as const).map(
      (name) => `${name} ${cpu(name).toFixed(2)}`,
    );
    const perSecond = EVENTS / seconds;
    const figures: Figure[] = [
      {
        figure: 'backlog, events/s',
        measured: `${Math.round(perSecond / 1000)} k`,
        ...(targets.eventsPerSecond && {
          target: target(`${targets.eventsPerSecond / 1000} k`, perSecond >= targets.eventsPerSecond),
        }),
      },
      {
        figure: 'CPU s per million events: worker + Temporal + Postgres',
        measured: shared.toFixed(2),
        ...(targets.cpuSeconds && {
          target: target(String(targets.cpuSeconds), shared <= targets.cpuSeconds),
        }),
      },
      { figure: '  of each, and Kafka', measured: each.join(', ') },
      { figure: '  worker start-up, apart', measured: worker.startUpCpuSeconds.toFixed(2) },
      {
        figure: 'history per million events',
        measured: `${(history.bytes / MB).toFixed(1)} MB, ${history.events} events`,
        ...(targets.historyMb && {
          target: target(`${targets.historyMb} MB`, history.bytes <= targets.historyMb * MB),
        }),
      },
      {
        figure: "  growth of Temporal's database",
        measured: `${((after.disk - before.disk) / MB).toFixed(1)} MB`,
      },
      { figure: '  batches, commits', measured: `${history.batches}, ${commits}` },
      {
        figure: 'worker memory, peak',
        measured: `${Math.round(peakBytes / MIB)} MB`,
        ...(targets.memoryMib && {
          target: target(`${targets.memoryMib} MB`, peakBytes <= targets.memoryMib * MIB),
        }),
      },
    ];
    if (internalBytes > 0)
      figures.push({ figure: 'internal topic', measured: `${(internalBytes / MB).toFixed(1)} MB` });
    return {
      cpuSeconds: shared + cpu('kafka'),
      wrong,
      figures: figures.map((figure) => ({ ...figure, figure: `${label}: ${figure.figure}` })),
    };
  } finally {
    await worker.stop();
  }
}

/** Every partition, and every target where records are regrouped, has committed the end of its log. */
export async function readToTheEnd(
  world: World,
  job: RunningJob,
  ends: readonly number[],
): Promise<Committed[]> {
  const isRead = (found: Committed[], stage: number, of: readonly number[]): boolean => {
    const members = found.filter((each) => each.stage === stage);
    return members.length === of.length && members.every(({ offset, partition }) => offset === of[partition]);
  };
  const limit = { ms: 300_000, what: 'the end of the backlog' };
  const found = await job.until((all) => isRead(all, 1, ends), limit);
  if (!found.some(({ stage }) => stage === 2)) return found;
  const internal = await endOffsets(world, internalTopic(job.name, 0));
  return job.until(
    (all) => all.every(({ stage, offset, partition }) => stage === 1 || offset >= internal[partition]!),
    limit,
  );
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
