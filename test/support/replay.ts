import { join } from 'node:path';
import type { DataConverter } from '@temporalio/common';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { brotliCodec } from '../../src/io/payload/codec.js';

Runtime.install({ logger: new DefaultLogger('WARN') });

/** A run as it is kept in test/histories. */
export interface RecordedRun {
  workflowId: string;
  history: unknown;
}

const WORKFLOWS = join(import.meta.dirname, '../../dist/workflow-bundle.js');

/**
 * Replays a recorded run with today's workflows; rejects where they would do anything else than what was recorded. Histories with
 * payloads in `weir.payload` need the data converter of a worker.
 */
export async function replay(
  { workflowId, history }: RecordedRun,
  dataConverter: DataConverter = { payloadCodecs: [brotliCodec()] },
): Promise<void> {
  const options = { workflowBundle: { codePath: WORKFLOWS }, dataConverter };
  await Worker.runReplayHistory(options, history, workflowId);
}
