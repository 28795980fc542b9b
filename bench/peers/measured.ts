import { cpuSecondsOf } from '../processes.js';
import type { World } from '../world.js';

/** What one run over a topic cost. Start-up is in it. */
export interface Measured {
  /** Of the engine: all of its processes; of weir the worker and Temporal. */
  cpuSeconds: number;
  /** Of weir: Temporal's part of it. */
  temporalCpuSeconds?: number;
  wallSeconds: number;
  /** Of all processes of the engine together; of weir the worker's, with Temporal's apart. */
  peakBytes: number;
  temporalPeakBytes?: number;
  postgresCpuSeconds: number;
  kafkaCpuSeconds: number;
}

/** Tells what Postgres and Kafka spend from now on. */
export async function watchServers({
  servers,
}: World): Promise<() => Promise<Pick<Measured, 'postgresCpuSeconds' | 'kafkaCpuSeconds'>>> {
  const now = async () => ({
    postgresCpuSeconds: await cpuSecondsOf(servers.postgres),
    kafkaCpuSeconds: await cpuSecondsOf(servers.kafka),
  });
  const before = await now();
  return async () => {
    const after = await now();
    return {
      postgresCpuSeconds: after.postgresCpuSeconds - before.postgresCpuSeconds,
      kafkaCpuSeconds: after.kafkaCpuSeconds - before.kafkaCpuSeconds,
    };
  };
}
