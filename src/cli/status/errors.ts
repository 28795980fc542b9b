/** What fails in a workflow again and again, as Temporal tells it without any worker. */
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import type { Instant } from '../../domain/instant.js';
import type { ActivityError } from './types.js';

interface Execution {
  workflowId: string;
  runId: string;
}

type Service = Client['workflowService'];
type Description = WorkflowExecutionDescription['raw'];
type Pending = NonNullable<Description['pendingActivities']>[number];
type Events = NonNullable<
  NonNullable<Awaited<ReturnType<Service['getWorkflowExecutionHistoryReverse']>>['history']>['events']
>;

/** The activity that failed last and is tried again, or the workflow's own task; null where neither is so. */
export async function errorIn(
  client: Client,
  execution: Execution,
  { pendingActivities, pendingWorkflowTask }: Description,
): Promise<ActivityError | null> {
  const failing = pendingActivities?.find((each) => each.lastFailure && !hasRecovered(each));
  if (failing) return activityError(failing, await lastEvents(client, execution));
  const attempts = (pendingWorkflowTask?.attempt ?? 1) - 1;
  return attempts < TASK_ATTEMPTS ? null : taskError(attempts, await lastEvents(client, execution));
}

/** The last failure stays while the next attempt runs, which of a poll may be for minutes. */
function hasRecovered({ state, lastStartedTime }: Pending): boolean {
  return Number(state) === STARTED && Date.now() - (millisOf(lastStartedTime) ?? 0) > RECOVERED_AFTER_MS;
}

const STARTED = 2;
/** An attempt without its server fails before. */
const RECOVERED_AFTER_MS = 30_000;
/** Of a worker that has died, a task or two fail. */
const TASK_ATTEMPTS = 3;

const SERVERS: Record<string, ActivityError['server']> = {
  KafkaUnavailable: 'Kafka',
  PostgresUnavailable: 'Postgres',
};

function activityError(
  { activityId, activityType, attempt, lastFailure }: Pending,
  events: Events,
): ActivityError {
  const { message, timeoutFailureInfo, applicationFailureInfo } = lastFailure!;
  // A pending activity only tells of its newest attempt.
  const scheduled = events.find(
    (each) => each.activityTaskScheduledEventAttributes?.activityId === activityId,
  );
  return {
    activity: activityType?.name ?? '',
    server: timeoutFailureInfo ? 'worker' : (SERVERS[applicationFailureInfo?.type ?? ''] ?? null),
    message: inOneLine(message),
    attempts: Math.max(1, (attempt ?? 1) - 1),
    since: millisOf(scheduled?.eventTime),
  };
}

/** Only the first failure of a task is in the history. */
function taskError(attempts: number, events: Events): ActivityError {
  const failed = events.find(
    (each) => each.workflowTaskFailedEventAttributes ?? each.workflowTaskTimedOutEventAttributes,
  );
  const failure = failed?.workflowTaskFailedEventAttributes?.failure;
  return {
    activity: 'workflow task',
    server: null,
    message: failure ? inOneLine(failure.message) : 'it does not end in time',
    attempts,
    since: millisOf(failed?.eventTime),
  };
}

async function lastEvents({ workflowService, options }: Client, execution: Execution): Promise<Events> {
  const { history } = await workflowService.getWorkflowExecutionHistoryReverse({
    namespace: options.namespace,
    execution,
    maximumPageSize: 50,
  });
  return history?.events ?? [];
}

function millisOf(time: Pending['lastStartedTime']): Instant | null {
  return time?.seconds ? Number(time.seconds) * 1000 + Math.floor((time.nanos ?? 0) / 1e6) : null;
}

function inOneLine(message: string | null | undefined): string {
  return (message ?? '').replaceAll(/\s*\n\s*/g, ' ');
}
