/** Wires a worker: the only place that knows all parts. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { createActivities } from '../activities/index.js';
import { Handover } from '../activities/handover.js';
import { createKafkaReader } from '../io/kafka/kafkaReader.js';
import { createPublisher } from '../io/kafka/publisher.js';
import { createReaderPool } from '../io/kafka/readerPool.js';
import { createTopicAdmin } from '../io/kafka/topics.js';
import { dataConverter } from '../io/payload/dataConverter.js';
import { createAgentReader } from '../io/userAgent/readAgent.js';
import { createPool } from '../io/postgres/pool.js';
import type { Config } from './config.js';
import { connectTemporal } from './connectTemporal.js';
import { openGeo } from './geo.js';
import { createLogger, ownLines } from './logger.js';
import { startLocate } from './startLocate.js';
import { stopOnSignal } from './stopping.js';
import { installRuntime, startWatching } from './watching.js';

const PAYLOAD_CONVERTER = fileURLToPath(new URL('../io/payload/payloadConverter.js', import.meta.url));
const BUNDLE = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));
const READER_IDLE_MS = 60_000;
const PAYLOAD_CONNECTIONS = 3;

/** Runs a worker until it is told to stop (SIGINT, SIGTERM); resolves when everything is closed. */
export async function runWorker(config: Config): Promise<void> {
  if (!existsSync(BUNDLE)) throw new Error(`${BUNDLE} is missing: run "npm run build"`);
  const logger = createLogger(config.log);
  const log = ownLines(config.log.format);
  const runtime = installRuntime(config, logger);
  const watching = startWatching(config, { logger, meter: runtime.metricMeter });
  const pool = createPool(config.postgres);
  // Large states must not wait behind commits, nor commits behind them.
  const payloads = createPool(config.postgres, PAYLOAD_CONNECTIONS);
  const geo = await openGeo(config, { pool, warn: log });
  const connection = await connectTemporal(config, log);
  const topics = createTopicAdmin(config.kafka);
  const readers = createReaderPool(
    (topic, partition, topicId) => createKafkaReader({ ...config.kafka, topic, partition, topicId }),
    {
      idleMs: READER_IDLE_MS,
    },
  );
  const publisher = createPublisher(config.kafka);
  const namespace = config.temporal.namespace ?? 'default';
  const converter = { ...dataConverter(payloads), payloadConverterPath: PAYLOAD_CONVERTER };
  const handover = new Handover();
  let stopStarting = (): Promise<void> => Promise.resolve();
  try {
    const worker = await Worker.create({
      connection,
      namespace,
      taskQueue: config.taskQueue,
      workflowBundle: { codePath: BUNDLE },
      activities: createActivities({
        pool,
        readers,
        topics,
        readAgent: createAgentReader(),
        countryOf: geo.countryOf,
        publisher,
        kafka: config.kafka,
        defaultTopic: config.topic,
        watch: watching.watch,
        handover,
        locator: geo.locator,
        locating: geo.locating,
      }),
      dataConverter: converter,
      maxConcurrentActivityTaskExecutions: config.activitySlots,
      maxCachedWorkflows: Math.ceil(config.activitySlots * 1.1),
      // A cancelled poll ends, and a dead worker is noticed, as fast as heartbeats travel.
      maxHeartbeatThrottleInterval: '1s',
      stickyQueueScheduleToStartTimeout: '500ms',
      shutdownGraceTime: '1s',
    });
    if (geo.locating) {
      const client = new Client({ connection, namespace, dataConverter: converter });
      stopStarting = startLocate(client, { taskQueue: config.taskQueue, log });
    }
    log(`worker ready: task queue ${config.taskQueue}`);
    const ended = worker.run();
    stopOnSignal(worker, handover);
    await ended;
  } finally {
    await Promise.all([
      watching.close(),
      readers.close(),
      topics.close(),
      publisher.close(),
      geo.close(),
      stopStarting(),
    ]);
    await Promise.all([pool.end(), payloads.end()]);
    await connection.close();
  }
}
