import type { World } from './world.js';

/** What a job has left in Temporal, over all runs of its workflows. */
export interface History {
  events: number;
  bytes: number;
  /** Polls that have brought a batch. */
  batches: number;
}

export async function historyOf({ client }: World, job: string): Promise<History> {
  const sum: History = { events: 0, bytes: 0, batches: 0 };
  const query = `WorkflowId = "${job}" OR WorkflowId STARTS_WITH "${job}/"`;
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    const run = client.workflow.getHandle(workflowId, runId);
    // The list's own figures are those of the run's end.
    const { historyLength, historySize } = await run.describe();
    sum.events += historyLength;
    sum.bytes += historySize ?? 0;
    const { events = [] } = await run.fetchHistory();
    const polls = new Set(
      events
        ?.filter((event) =>
          event.activityTaskScheduledEventAttributes?.activityType?.name?.startsWith('poll'),
        )
        .map(({ eventId }) => String(eventId)),
    );
    for (const { activityTaskCompletedEventAttributes: completed } of events ?? []) {
      if (completed && polls.has(String(completed.scheduledEventId))) sum.batches++;
    }
  }
  return sum;
}
