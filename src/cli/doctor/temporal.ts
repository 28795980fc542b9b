import { Connection } from '@temporalio/client';
import type { ClientConnectConfig } from '@temporalio/envconfig';
import { finding, ok, PATIENCE_MS, problem, warning, type Finding } from './check.js';

const NOT_FOUND = 5;
const [WORKFLOWS, ACTIVITIES] = [1, 2] as const;
const DAY_S = 86_400;

/** The server, the namespace, who works on the task queue, and whether jobs can be searched. */
export async function checkTemporal({
  temporal,
  taskQueue,
}: {
  temporal: ClientConnectConfig;
  taskQueue: string;
}): Promise<Finding[]> {
  const address = temporal.connectionOptions.address ?? 'localhost:7233';
  const namespace = temporal.namespace ?? 'default';
  const connection = await connect(temporal, address);
  try {
    const retention = await namespaceOf(connection, namespace);
    const server = ok('Temporal', `answers at ${address}`);
    if (retention.status === 'problem') return [server, retention];
    const todo = 'look at the log of the Temporal server';
    const rest = await Promise.all([
      finding('Temporal workers', { look: () => workers(connection, { namespace, taskQueue }), todo }),
      finding('Temporal search', { look: () => search(connection, namespace), todo }),
    ]);
    return [server, retention, ...rest.flat()];
  } finally {
    await connection.close();
  }
}

async function connect({ connectionOptions }: ClientConnectConfig, address: string): Promise<Connection> {
  try {
    return await Connection.connect({ ...connectionOptions, connectTimeout: PATIENCE_MS / 2 });
  } catch (error) {
    throw new Error(`Temporal at ${address} does not answer (${(error as Error).message})`, { cause: error });
  }
}

async function namespaceOf({ workflowService }: Connection, namespace: string): Promise<Finding> {
  const check = 'Temporal namespace';
  try {
    const { config } = await workflowService.describeNamespace({ namespace });
    const seconds = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0);
    const text = `${namespace}, which keeps runs that have ended for ${Math.round(seconds / 3600)} h`;
    return seconds > 0 && seconds < DAY_S
      ? warning(check, text, 'a day or more lets you look at what has failed')
      : ok(check, text);
  } catch (error) {
    if ((error as { code?: number }).code !== NOT_FOUND) throw error;
    return problem(check, `there is none of the name ${namespace}`, 'make it, or correct TEMPORAL_NAMESPACE');
  }
}

async function workers(
  { workflowService }: Connection,
  { namespace, taskQueue }: { namespace: string; taskQueue: string },
): Promise<Finding[]> {
  const [workflows, activities] = await Promise.all(
    [WORKFLOWS, ACTIVITIES].map(async (taskQueueType) => {
      const asked = { namespace, taskQueue: { name: taskQueue }, taskQueueType };
      const { pollers } = await workflowService.describeTaskQueue(asked);
      return new Set(pollers?.map(({ identity }) => identity)).size;
    }),
  );
  const isThere = workflows! > 0 && activities! > 0;
  const todo = `run \`weir worker\`, with WEIR_TASK_QUEUE=${taskQueue}`;
  return [
    isThere
      ? ok('Temporal workers', `${activities} on task queue ${taskQueue} in the last minutes`)
      : problem('Temporal workers', `none on task queue ${taskQueue}`, todo),
  ];
}

/** As jobs of a name's partitions are listed (docs/operations.md). */
async function search({ workflowService }: Connection, namespace: string): Promise<Finding[]> {
  const query = `WorkflowType = "partition" AND WorkflowId STARTS_WITH "hits/"`;
  await workflowService.listWorkflowExecutions({ namespace, pageSize: 1, query });
  return [ok('Temporal search', 'by WorkflowId STARTS_WITH')];
}
