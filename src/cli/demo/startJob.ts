import { Client, Connection, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Config } from '../../worker/config.js';

/** Starts a job; one that is running goes on. */
export async function startJob(
  { temporal, taskQueue }: Config,
  { name, input }: { name: string; input: object },
): Promise<void> {
  const connection = await Connection.connect(temporal.connectionOptions);
  try {
    const client = new Client({ connection, namespace: temporal.namespace ?? 'default' });
    await client.workflow.start('pipeline', {
      taskQueue,
      workflowId: name,
      args: [input],
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  } finally {
    await connection.close();
  }
}
