import { Client, Connection, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Config } from '../../worker/config.js';

/** Starts the hits job; one that is running goes on. */
export async function startJob(
  { temporal, taskQueue }: Config,
  { name, topic }: { name: string; topic: string },
): Promise<void> {
  const connection = await Connection.connect(temporal.connectionOptions);
  try {
    const client = new Client({ connection, namespace: temporal.namespace ?? 'default' });
    await client.workflow.start('pipeline', {
      taskQueue,
      workflowId: name,
      args: [{ pipeline: 'hits', topic }],
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  } finally {
    await connection.close();
  }
}
