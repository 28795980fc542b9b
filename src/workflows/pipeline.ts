/**
 * A job: what a person starts with the temporal CLI. It checks and registers the job, starts one `partition` workflow for each Kafka
 * partition, looks after them, and passes on what is asked of the job. Records never come here.
 */
import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  setCurrentDetails,
  setHandler,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { PartitionStanding } from '../activities/surveyJob.js';
import { describeTopic, startJob, surveyJob } from './activities.js';
import { cancelPartitions, startPartition, tell } from './children.js';
import { jobDetails, type JobStanding } from './details.js';
import { failingFor } from './failures.js';
import { drainAccepted, drainOf, finishOf, resultOf, running, type JobState } from './jobState.js';
import { deadline } from './lifetime.js';
import * as messages from './messages.js';
import type { DrainAccepted, PipelineResult } from './messages.js';

/** How often the job looks after its partitions: at first, and while something changes; up to once a minute. */
const LOOK_FIRST_MS = 2000;
const LOOK_MOVING_MS = 15_000;
const LOOK_LATER_MS = 60_000;

export async function pipeline(input: unknown, carried?: JobState): Promise<PipelineResult> {
  const { workflowId: name } = workflowInfo();
  const job = new JobRun(name, carried ?? null);
  return failingFor(async () => {
    try {
      return await job.run(input);
    } catch (error) {
      if (isCancellation(error) && job.state) {
        const partitions = running(job.state);
        await CancellationScope.nonCancellable(() => cancelPartitions(name, partitions));
      }
      throw error;
    }
  });
}

class JobRun {
  state: JobState | null;
  readonly #name: string;
  #standing: PartitionStanding[] = [];
  #trouble: string | null = null;
  #drainWanted = false;
  #news = false;

  constructor(name: string, carried: JobState | null) {
    this.#name = name;
    this.state = carried;
    setHandler(messages.drain, () => this.#wantDrain(), {
      description: 'End of input: read what is there now, write everything, complete',
    });
    setHandler(messages.drainUpdate, () => this.#acceptDrain(), {
      description: 'The same, answered with the end offsets',
    });
    setHandler(messages.progress, () => this.#show(), {
      description: 'Where each partition stood when it was last looked at',
    });
    setHandler(messages.reached, (there) => {
      if (this.state) this.state.reached[there.partition] = there;
      this.#wantDrain(); // of a job that was terminated while it drained: the drain goes on
    });
    setHandler(messages.drained, (result) => {
      if (this.state) this.state.drained[result.partition] = result;
      this.#news = true;
    });
  }

  async run(input: unknown): Promise<PipelineResult> {
    const state = (this.state ??= await this.#begin(input));
    const end = deadline();
    let lookMs = LOOK_FIRST_MS;
    while (running(state).length > 0) {
      setCurrentDetails(jobDetails(this.#show()));
      const woken = await condition(() => this.#news, lookMs);
      this.#news = false;
      await this.#attempt(() => this.#passOnDrain(state));
      if (woken) continue;
      const moved = await this.#attempt(() => this.#look(state));
      lookMs = moved ? LOOK_MOVING_MS : Math.min(2 * lookMs, LOOK_LATER_MS);
      if (workflowInfo().continueAsNewSuggested || Date.now() >= end) {
        await condition(allHandlersFinished);
        await continueAsNew<typeof pipeline>(input, state);
      }
    }
    await condition(allHandlersFinished);
    return resultOf(this.#name, state);
  }

  async #begin(input: unknown): Promise<JobState> {
    const started = await startJob(this.#name, input);
    const state: JobState = { ...started, drain: null, reached: {}, drained: {} };
    upsertMemo({ job: this.#name, pipeline: started.job.pipeline, topic: started.job.topic });
    await Promise.all(
      state.partitions.map(async (partition) => {
        // One that is running belonged to this job before it was terminated: it only hears what a new start may change.
        const isNew = await startPartition(this.#name, state, partition);
        if (!isNew) await tell({ name: this.#name, partition }, messages.configure, state.job);
      }),
    );
    return state;
  }

  #wantDrain(): void {
    this.#drainWanted = true;
    this.#news = true;
  }

  async #acceptDrain(): Promise<DrainAccepted> {
    this.#wantDrain();
    await condition(() => this.state !== null && this.state.drain !== null);
    return drainAccepted(this.#name, this.state!);
  }

  /** Tells partitions where to end; once each has read up to there, when to close (docs/semantics.md, drain). */
  async #passOnDrain(state: JobState): Promise<void> {
    if (this.#drainWanted && state.drain === null) {
      const ends = await describeTopic(state.job.topic);
      state.drain = Object.fromEntries(ends.map(({ partition, endOffset }) => [partition, endOffset]));
      await this.#tellRunning(state, (partition) =>
        tell({ name: this.#name, partition }, messages.drainPartition, drainOf(state, partition)!),
      );
    }
    const close = finishOf(state);
    if (close)
      await this.#tellRunning(state, (partition) =>
        tell({ name: this.#name, partition }, messages.finish, close),
      );
  }

  /** Partitions that are gone are started again, with the drain in their input. */
  async #tellRunning(state: JobState, say: (partition: number) => Promise<boolean>): Promise<void> {
    await Promise.all(
      running(state).map(async (partition) => {
        if (!(await say(partition))) await startPartition(this.#name, state, partition);
      }),
    );
  }

  /** Takes up new partitions and starts those again that died; true when anything had moved since the last look. */
  async #look(state: JobState): Promise<boolean> {
    const { epoch, job } = state;
    const survey = await surveyJob({
      job: this.#name,
      epoch,
      topic: job.topic,
      running: running(state),
      takeUpNew: state.drain === null,
    });
    for (const partition of survey.toStart) {
      if (!state.partitions.includes(partition)) state.partitions.push(partition);
      await startPartition(this.#name, state, partition);
    }
    const moved = JSON.stringify(survey.partitions) !== JSON.stringify(this.#standing);
    this.#standing = survey.partitions;
    return moved;
  }

  /** What fails for good, such as a topic that was deleted, is shown and tried again at the next look: it must not end the job. */
  async #attempt<T>(work: () => Promise<T>): Promise<T | null> {
    try {
      const result = await work();
      this.#trouble = null;
      return result;
    } catch (error) {
      if (isCancellation(error)) throw error;
      this.#trouble = String((error instanceof ApplicationFailure ? error : (error as Error).cause) ?? error);
      return null;
    }
  }

  #show(): JobStanding {
    const { state } = this;
    const phase = state === null ? 'starting' : state.drain === null ? 'running' : 'draining';
    const { topic, pipeline } = state?.job ?? { topic: '?', pipeline: '?' };
    return { job: this.#name, phase, topic, pipeline, trouble: this.#trouble, partitions: this.#standing };
  }
}
