/** What Temporal knows of a workflow: whether it runs, what fails, and, where a worker answers, what the workflow itself says. */
import {
  QueryNotRegisteredError,
  ServiceError,
  WorkflowNotFoundError,
  type Client,
} from '@temporalio/client';
import { z } from 'zod';
import { errorIn } from './errors.js';
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

/** Where `workflowId` stands, without any worker. Rejects where Temporal does not answer. */
export async function described(client: Client, workflowId: string): Promise<Described> {
  try {
    const { status, raw, runId } = await client.workflow.getHandle(workflowId).describe();
    return {
      status: status.name.toLowerCase().replaceAll('_', ' '),
      error: await errorIn(client, { workflowId, runId }, raw),
    };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return NOT_THERE;
    throw error;
  }
}

/**
 * What the workflow says; null where it says nothing: no worker has answered in time, or none has been seen for a while, its task fails, the
 * workflow is of another kind. Ask only of one that is described just before: so it is not Temporal that is away.
 */
export async function asked(client: Client, workflowId: string): Promise<Answer | null> {
  try {
    const answer = await client.withDeadline(Date.now() + ANSWER_MS, () =>
      client.workflow.getHandle(workflowId).query<unknown>('progress'),
    );
    return answers.parse(answer);
  } catch (error) {
    if (SILENT.some((kind) => error instanceof kind)) return null;
    throw error;
  }
}

const SILENT = [ServiceError, QueryNotRegisteredError, WorkflowNotFoundError, z.ZodError];
