/** The engines that weir is compared with, as the peers' folder holds them (its REPORT.md): what each needs, and how a job of it is run. */
import { join } from 'node:path';

export type JobName = 'hits' | 'sessions' | 'clicks';
export type EngineName = 'spark' | 'flink' | 'kstreams';

/** What is to be run: `latency` is hits in windows of 10 s with 1 s delay, and does not end by itself. */
export interface PeerRun {
  job: JobName | 'latency';
  events: number;
  topic: string;
  /** Names the rows that it writes. */
  run: string;
}

/** Where an engine was built, and which Python runs it. */
export interface Built {
  folder: string;
  python: string;
}

export interface Engine {
  title: string;
  jobs: readonly JobName[];
  /** Files of the peers' folder, for what is missing and for telling builds apart. */
  files: readonly string[];
  tools: readonly string[];
  /** Program and arguments of a run, and what its environment holds beside the addresses. */
  command(built: Built, run: PeerRun): { args: string[]; env: Record<string, string> };
  /** What a backlog run waits at its end before it stops; not a part of its wall time. */
  idleSeconds: number;
}

/** What Flink's serialisers reach into. */
const OPENED = ['java.util', 'java.lang', 'java.time', 'java.net', 'java.nio'];

/** With more threads or larger fetches, or hits with the job's own grace, it drops most of a backlog as late (REPORT.md). */
const STREAMS_WITHOUT_DROPS = {
  THREADS: '1',
  PROPS: 'main.consumer.max.partition.fetch.bytes=65536',
};
/** Counted from its start: on a busy machine 5, its default, were over before it had counted anything. */
const STREAMS_IDLE_SECONDS = 15;

export const ENGINES: Readonly<Record<EngineName, Engine>> = {
  spark: {
    title: 'Spark',
    jobs: ['hits', 'sessions', 'clicks'],
    files: [
      'spark/pom.xml',
      'spark/peer.py',
      'spark/ua.py',
      ...['KafkaConfigUpdater.java', 'KafkaRedactionUtil$.java', 'KafkaTokenUtil$.java'].map((file) =>
        join('spark/shim/org/apache/spark/kafka010', file),
      ),
    ],
    tools: ['java', 'javac', 'jar', 'mvn', 'python3'],
    command: ({ folder, python }, { job, topic, run, events }) => ({
      args: [python, join(folder, 'peer.py'), job, topic, run],
      env: { HEAP: job === 'sessions' && events > 1_000_000 ? '6g' : '4g' },
    }),
    idleSeconds: 0,
  },
  flink: {
    title: 'Flink',
    jobs: ['hits', 'sessions'],
    files: ['flink/pom.xml', 'flink/src/main/java/FlinkPeer.java'],
    tools: ['java', 'javac', 'mvn', 'python3'],
    command: (built, run) => {
      const opened = OPENED.flatMap((each) => ['--add-opens', `java.base/${each}=ALL-UNNAMED`]);
      return { args: java(built, run, { main: 'FlinkPeer', options: opened }), env: {} };
    },
    idleSeconds: 0,
  },
  kstreams: {
    title: 'Kafka Streams',
    jobs: ['hits', 'sessions'],
    files: ['kstreams/pom.xml', 'kstreams/src/main/java/StreamsPeer.java'],
    tools: ['java', 'javac', 'mvn', 'python3'],
    command: (built, run) => ({
      args: java(built, run, { main: 'StreamsPeer', options: [] }),
      env:
        run.job === 'latency'
          ? {}
          : {
              ...STREAMS_WITHOUT_DROPS,
              IDLE_MS: String(STREAMS_IDLE_SECONDS * 1000),
              ...(run.job === 'hits' ? { GRACE_S: '900' } : {}),
            },
    }),
    idleSeconds: STREAMS_IDLE_SECONDS,
  },
};

function java(
  { folder }: Built,
  { job, topic, run }: PeerRun,
  { main, options }: { main: string; options: readonly string[] },
): string[] {
  const classes = `${join(folder, 'classes')}:${join(folder, 'jars', '*')}`;
  return ['java', '-Xmx2g', ...options, '-cp', classes, main, job, topic, run];
}
