import { join } from 'node:path';
import { DefaultLogger, Runtime, Worker, type ReplayWorkerOptions } from '@temporalio/worker';
import { brotliCodec } from '../../src/io/payload/codec.js';

Runtime.install({ logger: new DefaultLogger('WARN') });

/** A run as it is kept in test/histories. */
export interface RecordedRun {
  workflowId: string;
  history: unknown;
}

const OPTIONS: ReplayWorkerOptions = {
  workflowBundle: { codePath: join(import.meta.dirname, '../../dist/workflow-bundle.js') },
  dataConverter: { payloadCodecs: [brotliCodec()] },
};

/** Replays a recorded run with today's workflows; rejects where they would do anything else than what was recorded. */
export async function replay({ workflowId, history }: RecordedRun): Promise<void> {
  await Worker.runReplayHistory(OPTIONS, history, workflowId);
}
