/**
 * A job: what a person starts with the temporal CLI. It checks and registers the job, starts one `partition` workflow for each Kafka
 * partition, and where records are regrouped by key one for each target, looks after them, and passes on what is asked of the job. Records never come here.
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
import type { PartitionStanding, Survey } from '../activities/surveyJob.js';
import { keyApartText, keysAreApart, keysLookedAt, whyGrowthIsRefused } from '../pipelines/keysTogether.js';
import { describeTopic, startJob, surveyJob } from './activities.js';
import { cancelMembers, startMember, tell, type Member } from './children.js';
import { jobDetails, type JobStanding } from './details.js';
import { failingFor } from './failures.js';
import {
  drainAccepted,
  drainOf,
  finishOf,
  isBehind,
  isRunning,
  newStage,
  resultOf,
  running,
  stagesOf,
  type JobState,
  type StageState,
} from './jobState.js';
import { deadline } from './lifetime.js';
import * as messages from './messages.js';
import type { DrainAccepted, PipelineResult, Reached } from './messages.js';

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
        const members = job.runningMembers(job.state);
        await CancellationScope.nonCancellable(() => cancelMembers(members));
      }
      throw error;
    }
  });
}

class JobRun {
  state: JobState | null;
  readonly #name: string;
  #standing: PartitionStanding[] = [];
  /** By what was attempted. */
  readonly #troubles = new Map<string, string>();
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
      const stage = this.#stageOf(there);
      if (stage) stage.reached[there.partition] = there;
      this.#wantDrain();
    });
    setHandler(messages.drained, (result, there) => {
      const stage = this.#stageOf(there);
      if (stage && !isBehind(stage, result)) {
        stage.drained[result.partition] = result;
        stage.reached[result.partition] = there;
      }
      this.#wantDrain();
    });
  }

  async run(input: unknown): Promise<PipelineResult> {
    const state = this.state ?? (await this.#begin(input));
    const end = deadline();
    let lookMs = LOOK_FIRST_MS;
    let lookAt = Date.now() + lookMs;
    while (isRunning(state)) {
      setCurrentDetails(jobDetails(this.#show()));
      await condition(() => this.#news, Math.max(1, lookAt - Date.now()));
      this.#news = false;
      await this.#attempt('drain', () => this.#passOnDrain(state));
      if (Date.now() < lookAt) continue;
      const moved = await this.#attempt('look', () => this.#look(state));
      lookMs = moved ? LOOK_MOVING_MS : Math.min(2 * lookMs, LOOK_LATER_MS);
      lookAt = Date.now() + lookMs;
      // A drain that has not begun yet is waited for by whoever asked for it.
      const drainPending = state.drainWanted && state.sources.drain === null;
      if (!drainPending && (workflowInfo().continueAsNewSuggested || Date.now() >= end)) {
        await condition(allHandlersFinished);
        await continueAsNew<typeof pipeline>(input, state);
      }
    }
    await condition(allHandlersFinished);
    return resultOf(this.#name, state);
  }

  runningMembers(state: JobState): Member[] {
    return stagesOf(state).flatMap((stage) => running(stage).map((member) => this.#member(stage, member)));
  }

  async #begin(input: unknown): Promise<JobState> {
    const { job, epoch, partitions, regroup = null } = await startJob(this.#name, input);
    const targets = regroup && Array.from({ length: regroup.targets }, (_, target) => target);
    const state: JobState = {
      job,
      epoch,
      drainWanted: this.#drainAwaitsStart,
      sources: newStage(1, job.topic, partitions),
      targets: targets && newStage(2, regroup.topic, targets),
    };
    this.state = state;
    upsertMemo({ job: this.#name, pipeline: job.pipeline, topic: job.topic });
    await Promise.all(
      this.runningMembers(state).map(async (member) => {
        // One that is running belonged to this job before it was terminated: it only hears what a new start may change.
        const isNew = await startMember(member, state);
        if (!isNew) await tell(member, messages.configure, job);
      }),
    );
    return state;
  }

  #member({ stage }: StageState, partition: number): Member {
    return { name: this.#name, stage, partition };
  }

  #stageOf({ stage = 1 }: Reached): StageState | undefined {
    return this.state ? stagesOf(this.state).find((each) => each.stage === stage) : undefined;
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
      () => this.state !== null && (this.state.sources.drain !== null || !isRunning(this.state)),
    );
    return drainAccepted(this.#name, this.state!);
  }

  /**
   * Tells partitions where to end; once each has read up to there, when to close (docs/semantics.md, drain). Targets of a regrouping end
   * where the sources have ended to publish.
   */
  async #passOnDrain(state: JobState): Promise<void> {
    const { sources, targets } = state;
    if (state.drainWanted && sources.drain === null) {
      await this.#survey(state, sources); // a partition that the topic has gained is part of the drain
      await this.#beginDrain(state, sources);
    }
    await this.#passOnFinish(state, sources);
    if (targets === null || sources.drain === null || running(sources).length > 0) return;
    if (targets.drain === null) await this.#beginDrain(state, targets);
    await this.#passOnFinish(state, targets);
  }

  async #beginDrain(state: JobState, stage: StageState): Promise<void> {
    const ranges = await describeTopic(stage.topic);
    const ends = new Map(ranges.map((range) => [range.partition, range.endOffset]));
    stage.drain = Object.fromEntries(stage.members.map((member) => [member, ends.get(member) ?? 0]));
    for (const result of Object.values(stage.drained)) {
      if (isBehind(stage, result)) delete stage.drained[result.partition];
    }
    await this.#tellDrain(state, stage);
  }

  async #passOnFinish(state: JobState, stage: StageState): Promise<void> {
    const close = finishOf(stage);
    if (close) await this.#tellRunning(state, stage, (member) => tell(member, messages.finish, close));
  }

  async #tellDrain(state: JobState, stage: StageState): Promise<void> {
    await this.#tellRunning(state, stage, async (member) => {
      const { partition } = member;
      if ((stage.reached[partition]?.until ?? -1) >= stage.drain![partition]!) return true;
      return tell(member, messages.drainPartition, drainOf(stage, partition)!);
    });
  }

  /** Members that are gone are started again, with the drain in their input. */
  async #tellRunning(
    state: JobState,
    stage: StageState,
    say: (member: Member) => Promise<boolean>,
  ): Promise<void> {
    await Promise.all(
      running(stage).map(async (partition) => {
        if (!(await say(this.#member(stage, partition)))) await this.#startAgain(state, stage, partition);
      }),
    );
  }

  /** One that is gone because it has drained in the meantime stays gone. */
  async #startAgain(state: JobState, stage: StageState, partition: number): Promise<void> {
    if (stage.drained[partition] === undefined) await startMember(this.#member(stage, partition), state);
  }

  /** Takes up new partitions and starts those again that died; true when anything had moved since the last look. */
  async #look(state: JobState): Promise<boolean> {
    const standing: PartitionStanding[] = [];
    let topicPartitions = 0;
    for (const stage of stagesOf(state)) {
      const survey = await this.#survey(state, stage);
      standing.push(...survey.partitions);
      if (stage.stage === 1) {
        ({ topicPartitions } = survey);
        this.#note('keys', survey.keyApart ? keyApartText(survey.keyApart) : null);
      }
      if (stage.drain) await this.#tellDrain(state, stage); // once more to those that may have missed it
    }
    const moved = JSON.stringify(standing) !== JSON.stringify(this.#standing);
    this.#standing = standing;
    const { job, targets } = state;
    const refused = targets === null ? whyGrowthIsRefused(job, topicPartitions) : null;
    if (refused !== null)
      throw ApplicationFailure.nonRetryable(`The topic has grown, and what is new is not read: ${refused}`);
    return moved;
  }

  async #survey(state: JobState, stage: StageState): Promise<Survey> {
    const { epoch, job, targets } = state;
    const survey = await surveyJob({
      job: this.#name,
      epoch,
      topic: stage.topic,
      partitions: stage.members,
      running: running(stage),
      takeUpNew: stage.stage === 1 && stage.drain === null && (targets !== null || !keysAreApart(job, 2)),
      ...(stage.stage === 1 ? {} : { stage: stage.stage }),
      ...(targets === null ? {} : { regrouped: true }),
      ...keysLookedAt(job),
    });
    for (const partition of survey.toStart) {
      if (!stage.members.includes(partition)) stage.members.push(partition);
      await this.#startAgain(state, stage, partition);
    }
    return survey;
  }

  /** What fails for good, such as a topic that was deleted, is shown and tried again at the next look: it must not end the job. */
  async #attempt<T>(what: string, work: () => Promise<T>): Promise<T | null> {
    try {
      const result = await work();
      this.#note(what, null);
      return result;
    } catch (error) {
      if (isCancellation(error)) throw error;
      const reason = error instanceof ApplicationFailure ? error : (error as Error).cause;
      this.#note(what, String(reason ?? error));
      return null;
    }
  }

  #note(what: string, trouble: string | null): void {
    if (trouble === null) this.#troubles.delete(what);
    else this.#troubles.set(what, trouble);
  }

  #show(): JobStanding {
    const { state } = this;
    const phase = state === null ? 'starting' : state.sources.drain === null ? 'running' : 'draining';
    const { topic, pipeline } = state?.job ?? { topic: '?', pipeline: '?' };
    const trouble = [...this.#troubles.values()].join('; ') || null;
    return { job: this.#name, phase, topic, pipeline, trouble, partitions: this.#standing };
  }
}
