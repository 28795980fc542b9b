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
import { whyKeysAreApart } from '../pipelines/keysTogether.js';
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
  /** A drain that was asked for before the job was registered. */
  #drainAwaitsStart = false;
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
    // Both may come from a partition that drains for a job that was terminated meanwhile: then the drain goes on.
    setHandler(messages.reached, (there) => {
      if (this.state) this.state.reached[there.partition] = there;
      this.#wantDrain();
    });
    setHandler(messages.drained, (result, there) => {
      if (this.state) {
        this.state.drained[result.partition] = result;
        this.state.reached[result.partition] = there;
      }
      this.#wantDrain();
    });
  }

  async run(input: unknown): Promise<PipelineResult> {
    const state = this.state ?? (await this.#begin(input));
    const end = deadline();
    let lookMs = LOOK_FIRST_MS;
    let lookAt = Date.now() + lookMs;
    while (running(state).length > 0) {
      setCurrentDetails(jobDetails(this.#show()));
      await condition(() => this.#news, Math.max(1, lookAt - Date.now()));
      this.#news = false;
      await this.#attempt(() => this.#passOnDrain(state));
      if (Date.now() < lookAt) continue;
      const moved = await this.#attempt(() => this.#look(state));
      lookMs = moved ? LOOK_MOVING_MS : Math.min(2 * lookMs, LOOK_LATER_MS);
      lookAt = Date.now() + lookMs;
      // A drain that has not begun yet is waited for by whoever asked for it.
      const drainPending = state.drainWanted && state.drain === null;
      if (!drainPending && (workflowInfo().continueAsNewSuggested || Date.now() >= end)) {
        await condition(allHandlersFinished);
        await continueAsNew<typeof pipeline>(input, state);
      }
    }
    await condition(allHandlersFinished);
    return resultOf(this.#name, state);
  }

  async #begin(input: unknown): Promise<JobState> {
    const started = await startJob(this.#name, input);
    const drainWanted = this.#drainAwaitsStart;
    const state: JobState = { ...started, drainWanted, drain: null, reached: {}, drained: {} };
    this.state = state;
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
    if (this.state) this.state.drainWanted = true;
    else this.#drainAwaitsStart = true;
    this.#news = true;
  }

  async #acceptDrain(): Promise<DrainAccepted> {
    this.#wantDrain();
    // All partitions may have drained for a job that was terminated, before this one told them anything.
    await condition(
      () => this.state !== null && (this.state.drain !== null || running(this.state).length === 0),
    );
    return drainAccepted(this.#name, this.state!);
  }

  /** Tells partitions where to end; once each has read up to there, when to close (docs/semantics.md, drain). */
  async #passOnDrain(state: JobState): Promise<void> {
    if (state.drainWanted && state.drain === null) {
      await this.#look(state); // a partition that the topic has gained is part of the drain
      const ends = new Map(
        (await describeTopic(state.job.topic)).map((range) => [range.partition, range.endOffset]),
      );
      state.drain = Object.fromEntries(
        state.partitions.map((partition) => [partition, ends.get(partition) ?? 0]),
      );
      await this.#tellDrain(state);
    }
    const close = finishOf(state);
    if (!close) return;
    await this.#tellRunning(state, (partition) =>
      tell({ name: this.#name, partition }, messages.finish, close),
    );
  }

  async #tellDrain(state: JobState): Promise<void> {
    await this.#tellRunning(state, async (partition) => {
      if ((state.reached[partition]?.until ?? -1) >= state.drain![partition]!) return true;
      return tell({ name: this.#name, partition }, messages.drainPartition, drainOf(state, partition)!);
    });
  }

  /** Partitions that are gone are started again, with the drain in their input. */
  async #tellRunning(state: JobState, say: (partition: number) => Promise<boolean>): Promise<void> {
    await Promise.all(
      running(state).map(async (partition) => {
        if (!(await say(partition))) await this.#startAgain(state, partition);
      }),
    );
  }

  /** One that is gone because it has drained in the meantime stays gone. */
  async #startAgain(state: JobState, partition: number): Promise<void> {
    if (state.drained[partition] === undefined) await startPartition(this.#name, state, partition);
  }

  /** Takes up new partitions and starts those again that died; true when anything had moved since the last look. */
  async #look(state: JobState): Promise<boolean> {
    const { epoch, job, partitions } = state;
    const survey = await surveyJob({
      job: this.#name,
      epoch,
      topic: job.topic,
      partitions,
      running: running(state),
      takeUpNew: state.drain === null && whyKeysAreApart(job, 2) === null,
    });
    for (const partition of survey.toStart) {
      if (!partitions.includes(partition)) partitions.push(partition);
      await this.#startAgain(state, partition);
    }
    if (state.drain) await this.#tellDrain(state); // once more to those that may have missed it
    const apart = whyKeysAreApart(job, survey.topicPartitions);
    if (apart !== null)
      throw ApplicationFailure.nonRetryable(`The topic has grown, and what is new is not read: ${apart}`);
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
