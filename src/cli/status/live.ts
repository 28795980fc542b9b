/** What Temporal knows of a workflow: whether it runs, what fails, and, where a worker answers, what the workflow itself says. */
import { QueryNotRegisteredError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import { z } from 'zod';
import type { Instant } from '../../domain/instant.js';
import type { ActivityError } from './types.js';

/** A worker that is there answers within milliseconds; while it writes a large commit within four seconds. */
const ANSWER_MS = 5000;

const instant = z
  .string()
  .nullish()
  .transform((text) => (text && text !== '–' ? Date.parse(text) : null));
const number = z
  .number()
  .nullish()
  .transform((value) => value ?? null);

/** The query `progress`, of a job or of a partition; other builds may leave things out. */
const answers = z.object({
  phase: z.string(),
  paused: z.string().nullish(),
  trouble: z.string().nullish(),
  pipeline: z.string().nullish(),
  topic: z.string().nullish(),
  epoch: number,
  offset: number,
  endOffset: number,
  watermark: instant,
  openUntil: instant,
  open: number,
  stateBytes: number,
  readPerSecond: number,
  rowsPerSecond: number,
  ratesUntil: instant,
  read: number,
  accepted: number,
  duplicate: number,
  late: number,
  rejected: number,
  skipped: number,
});

export type Answer = z.infer<typeof answers>;

export interface Described {
  /** `running`, or how it ended: `completed`, `terminated`…; `not running`: there is none. */
  status: string;
  error: ActivityError | null;
}

const NOT_THERE: Described = { status: 'not running', error: null };
/** A task of a worker that has died counts as one. */
const TASK_ATTEMPTS = 3;

/** Where `workflowId` stands, without any worker. Rejects where Temporal does not answer. */
export async function described(client: Client, workflowId: string): Promise<Described> {
  try {
    const { status, raw, runId } = await client.workflow.getHandle(workflowId).describe();
    const failing = (raw.pendingActivities ?? []).find((each) => each.lastFailure && !hasRecovered(each));
    const { attempt = 1, scheduledTime, originalScheduledTime } = raw.pendingWorkflowTask ?? {};
    const since = millisOf(originalScheduledTime ?? scheduledTime);
    return {
      status: status.name.toLowerCase().replaceAll('_', ' '),
      error: failing
        ? {
            ...errorOf(failing),
            since: await scheduledAt(client, { workflowId, runId }, failing.activityId!),
          }
        : attempt! > TASK_ATTEMPTS
          ? { ...TASK_FAILS, attempts: attempt! - 1, since }
          : null,
    };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return NOT_THERE;
    throw error;
  }
}

const TASK_FAILS = { activity: 'workflow task', server: null, message: 'why is said in the Temporal UI' };

type Time = Pending['lastStartedTime'];

function millisOf(time: Time): Instant | null {
  return time?.seconds ? Number(time.seconds) * 1000 + Math.floor((time.nanos ?? 0) / 1e6) : null;
}

type Pending = NonNullable<
  Awaited<ReturnType<Client['workflowService']['describeWorkflowExecution']>>['pendingActivities']
>[number];

/** The last failure stays while the next attempt runs, which of a poll may be for minutes. */
function hasRecovered({ state, lastStartedTime }: Pending): boolean {
  return Number(state) === STARTED && Date.now() - (millisOf(lastStartedTime) ?? 0) > RECOVERED_AFTER_MS;
}

const STARTED = 2;
/** An attempt without its server fails before. */
const RECOVERED_AFTER_MS = 30_000;

const SERVERS: Record<string, ActivityError['server']> = {
  KafkaUnavailable: 'Kafka',
  PostgresUnavailable: 'Postgres',
};

function errorOf({ activityType, attempt, lastFailure }: Pending): Omit<ActivityError, 'since'> {
  const { message, timeoutFailureInfo, applicationFailureInfo } = lastFailure!;
  return {
    activity: activityType?.name ?? '',
    server: timeoutFailureInfo ? 'worker' : (SERVERS[applicationFailureInfo?.type ?? ''] ?? null),
    message: (message ?? '').replaceAll(/\s*\n\s*/g, ' '),
    attempts: Math.max(1, (attempt ?? 1) - 1),
  };
}

/** A pending activity only tells of its newest attempt; that it was scheduled is among the last events. */
async function scheduledAt(
  { workflowService, options: { namespace } }: Client,
  execution: { workflowId: string; runId: string },
  activityId: string,
): Promise<Instant | null> {
  const { history } = await workflowService.getWorkflowExecutionHistoryReverse({
    namespace,
    execution,
    maximumPageSize: 50,
  });
  const event = history?.events?.find(
    ({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityId === activityId,
  );
  return millisOf(event?.eventTime);
}

/** What the workflow says; null where no worker answers, or it cannot. Rejects where Temporal does not answer. */
export async function asked(client: Client, workflowId: string): Promise<Answer | null> {
  try {
    const answer = await client.withDeadline(Date.now() + ANSWER_MS, () =>
      client.workflow.getHandle(workflowId).query<unknown>('progress'),
    );
    return answers.parse(answer);
  } catch (error) {
    const isSilent =
      error instanceof QueryNotRegisteredError ||
      error instanceof WorkflowNotFoundError ||
      error instanceof z.ZodError ||
      NO_ANSWER.includes(codeOf(error));
    if (isSilent) return null;
    throw error;
  }
}

/** Of gRPC: no worker has answered in time; none has been seen for a while, or the workflow's task fails. */
const NO_ANSWER = [4, 9]; // DEADLINE_EXCEEDED, FAILED_PRECONDITION

function codeOf(error: unknown): number {
  const { code, cause } = error as { code?: number; cause?: { code?: number } };
  return code ?? cause?.code ?? -1;
}
