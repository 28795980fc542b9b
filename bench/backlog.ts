import { historyOf } from './history.js';
import { startJob } from './job.js';
import { cpuSecondsOf, peakMemoryOf } from './processes.js';
import { target, type Figure, type Outcome } from './report.js';
import { endOffsets } from './topics.js';
import type { WorkerProcess } from './worker.js';
import type { World } from './world.js';

export const EVENTS = 1_000_000;
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
  topic: string;
  /** The job's input but for pipeline and topic. */
  input?: Record<string, unknown>;
  targets: BacklogTargets;
  /** How many records are duplicates; left out: none. */
  duplicates?: number;
  /** Compares what the drained job has written with an exact pass; returns sentences about what differs. */
  compare: (job: string) => Promise<string[]>;
}

/** A topic of a million events, read from the beginning to the last row. */
export async function measureBacklog(world: World, backlog: Backlog): Promise<Outcome> {
  const { pipeline, topic, input = {}, targets } = backlog;
  const ends = await endOffsets(world, topic);
  const worker = await world.startWorker();
  try {
    const before = await spent(world, worker);
    const start = Date.now();
    world.say(`reading the backlog: ${pipeline}`);
    const job = await startJob(world, `${pipeline}-${start}`, { pipeline, topic, ...input });
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
        target: target(`${targets.eventsPerSecond / 1000} k`, perSecond >= targets.eventsPerSecond),
      },
      {
        figure: 'CPU s per million events: worker + Temporal + Postgres',
        measured: shared.toFixed(2),
        target: target(String(targets.cpuSeconds), shared <= targets.cpuSeconds),
      },
      { figure: '  of each, and Kafka', measured: each.join(', ') },
      { figure: '  worker start-up, apart', measured: worker.startUpCpuSeconds.toFixed(2) },
      {
        figure: 'history per million events',
        measured: `${(history.bytes / MB).toFixed(1)} MB, ${history.events} events`,
        target: target(`${targets.historyMb} MB`, history.bytes <= targets.historyMb * MB),
      },
      {
        figure: "  growth of Temporal's database",
        measured: `${((after.disk - before.disk) / MB).toFixed(1)} MB`,
      },
      { figure: '  batches, commits', measured: `${history.batches}, ${commits}` },
      {
        figure: 'worker memory, peak',
        measured: `${Math.round(peakBytes / MIB)} MB`,
        target: target(`${targets.memoryMib} MB`, peakBytes <= targets.memoryMib * MIB),
      },
    ];
    return {
      wrong,
      figures: figures.map((figure) => ({ ...figure, figure: `${pipeline}: ${figure.figure}` })),
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
