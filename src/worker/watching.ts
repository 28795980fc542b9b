/** Wires what looks at the work of activities: the log, metrics, the consumer group. */
import type { MetricMeter } from '@temporalio/common';
import {
  makeTelemetryFilterString,
  Runtime,
  type DefaultLogger,
  type MetricsExporterConfig,
} from '@temporalio/worker';
import type { Watch } from '../activities/watch.js';
import { createGroupOffsets } from '../io/kafka/groupOffsets.js';
import type { Config, ListenAddress } from './config.js';
import { createConsumerGroup } from './consumerGroup.js';
import { createWorkLog } from './logger.js';
import { HISTOGRAM_BUCKETS } from './metricDefinitions.js';
import { createMetrics } from './metrics.js';

export interface Watching {
  watch: Watch;
  /** Tells what is still to be told. */
  close(): Promise<void>;
}

export function startWatching(
  { metrics: address, groupOf, kafka, taskQueue }: Config,
  { meter, logger }: { meter: MetricMeter; logger: DefaultLogger },
): Watching {
  const metrics = address === null ? null : createMetrics(meter, { taskQueue });
  const warn = (message: string): void => logger.warn(message);
  const group = groupOf === null ? null : createConsumerGroup(createGroupOffsets(kafka), { groupOf, warn });
  const watches = [createWorkLog(logger), ...[metrics, group].flatMap((each) => each?.watch ?? [])];
  return {
    watch(partition, seen) {
      for (const watch of watches) watch(partition, seen);
    },
    async close() {
      metrics?.close();
      await group?.close();
    },
  };
}

/** The SDK's runtime: it takes over the log, and serves metrics, its own and ours. Throws where it cannot. */
export function installRuntime({ metrics }: Pick<Config, 'metrics'>, logger: DefaultLogger): Runtime {
  try {
    return Runtime.install({
      logger,
      shutdownSignals: [], // stopping.ts
      telemetryOptions: {
        logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} },
        ...(metrics === null ? {} : { metrics: exporterOf(metrics) }),
      },
    });
  } catch (error) {
    if (metrics === null) throw error;
    throw new Error(
      `METRICS_ADDRESS ${metrics.host}:${metrics.port}: metrics cannot be served: ${(error as Error).message}`,
      {
        cause: error,
      },
    );
  }
}

function exporterOf({ host, port }: ListenAddress): MetricsExporterConfig {
  return {
    attachServiceName: false,
    prometheus: {
      bindAddress: `${host}:${port}`,
      // The names that dashboards for the Temporal SDK expect.
      countersTotalSuffix: true,
      unitSuffix: true,
      useSecondsForDurations: true,
      histogramBucketOverrides: HISTOGRAM_BUCKETS,
    },
  };
}
