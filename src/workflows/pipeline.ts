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
import type { ReplayAnswer } from '../pipelines/replayInput.js';
import { startJob, surveyJob } from './activities.js';
import { cancelMembers, startMember, tell } from './children.js';
import { jobDetails, type JobStanding } from './details.js';
import { passOnDrain, tellDrain } from './drain.js';
import { failingFor } from './failures.js';
import {
  drainAccepted,
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
import { Members } from './members.js';
import * as messages from './messages.js';
import type { DrainAccepted, PauseAccepted, PauseRequest, PipelineResult, Reached } from './messages.js';
import { pauseJob } from './pauseJob.js';
import { Replays } from './replays.js';

/** How often the job looks after its partitions: at first, and while something changes; up to once a minute. */
const LOOK_FIRST_MS = 2000;
const LOOK_MOVING_MS = 15_000;
const LOOK_LATER_MS = 60_000;
/** As partitions say why they are paused. */
const PAUSED = 'the job was paused';

export async function pipeline(input: unknown, carried?: JobState): Promise<PipelineResult> {
  const { workflowId: name, attempt } = workflowInfo();
  // A run that Temporal tries again has the input of one that went on after it, through a replay perhaps: it begins as any new start does.
  const job = new JobRun(name, attempt > 1 ? null : (carried ?? null));
  return failingFor(async () => {
    try {
      return await job.run(input);
    } catch (error) {
      if (isCancellation(error) && job.state) {
        const members = job.members!.running;
        await CancellationScope.nonCancellable(() => cancelMembers(members));
      }
      throw error;
    }
  });
}

class JobRun {
  state: JobState | null = null;
  members: Members | null = null;
  readonly #name: string;
  #standing: PartitionStanding[] = [];
  /** By what was attempted. */
  readonly #troubles = new Map<string, string>();
  /** A drain that was asked for before the job was registered. */
  #drainAwaitsStart = false;
  #news = false;
  readonly #replays: Replays;

  constructor(name: string, carried: JobState | null) {
    this.#name = name;
    this.#replays = new Replays(name);
    if (carried !== null) this.#know(carried);
    setHandler(messages.drain, () => this.#wantDrain(), {
      description: 'End of input: read what is there now, write everything, complete',
    });
    setHandler(messages.drainUpdate, () => this.#acceptDrain(), {
      description: 'The same, answered with the end offsets',
    });
    this.#handlePause();
    // These signals, too, are waited for: a run that ended beneath one would forget it, or the epoch that it began.
    setHandler(messages.replay, (request) => this.#heed('replay', () => this.#replay(request)), {
      description:
        'Write results again, {"from":"2026-01-01T10:00:00Z"}, with other rules perhaps: "delay", "gap"',
    });
    setHandler(messages.replayUpdate, (request) => failingFor(() => this.#replay(request)), {
      description: 'The same, answered; with "dryRun":true it only tells what it would do',
    });
    setHandler(messages.progress, () => this.#show(), {
      description: 'Where each partition stood when it was last looked at',
    });
    // Both may come from a partition that drains for a job that was terminated meanwhile: then the drain goes on.
    setHandler(messages.reached, (there) => {
      if (!this.#isOfNow(there)) return;
      const stage = this.#stageOf(there);
      if (stage) stage.reached[there.partition] = there;
      this.#wantDrain();
    });
    setHandler(messages.drained, (result, there) => {
      if (!this.#isOfNow(there)) return;
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
      const members = this.members!;
      // A replay that begins would make members forget it.
      if (!this.#replays.pending)
        await this.#attempt('drain', () =>
          passOnDrain(state, members, () => this.#survey(state, state.sources)),
        );
      if (Date.now() < lookAt) continue;
      const moved = await this.#attempt('look', () => this.#look(state));
      lookMs = moved ? LOOK_MOVING_MS : Math.min(2 * lookMs, LOOK_LATER_MS);
      // In time to continue as new before a run time-out.
      lookAt = Math.min(Date.now() + lookMs, Math.max(end, Date.now() + LOOK_FIRST_MS));
      // A drain that has not begun yet is waited for by whoever asked for it.
      const drainPending = state.drainWanted && state.sources.drain === null;
      const isDue = workflowInfo().continueAsNewSuggested || Date.now() >= end;
      // Not waited for here: a handler may wait for what this loop does.
      if (isDue && !drainPending && allHandlersFinished()) {
        await continueAsNew<typeof pipeline>(input, state);
      }
    }
    await condition(allHandlersFinished);
    return resultOf(this.#name, state);
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
    const members = this.#know(state);
    upsertMemo({ job: this.#name, pipeline: job.pipeline, topic: job.topic });
    await Promise.all(
      members.running.map(async (member) => {
        // One that is running belonged to this job before it was terminated: it only hears what a new start may change.
        const isNew = await startMember(member, state);
        if (!isNew) await tell(member, messages.configure, job);
      }),
    );
    return state;
  }

  #know(state: JobState): Members {
    this.state = state;
    this.members = new Members(this.#name, state);
    return this.members;
  }

  #handlePause(): void {
    const pause = (why: string | null, request: PauseRequest | undefined): Promise<PauseAccepted> =>
      failingFor(async () => {
        await condition(() => this.state !== null);
        const accepted = await pauseJob({ name: this.#name, why, request }, this.state!, this.members!);
        this.#news = true;
        return accepted;
      });
    setHandler(messages.pauseJob, (request) => this.#heed('pause', () => pause(PAUSED, request)), {
      description: 'Read no further, until "resume"; {"partitions":[0]} for some',
    });
    setHandler(messages.pauseJobUpdate, (request) => pause(PAUSED, request), {
      description: 'The same, answered',
    });
    setHandler(messages.resumeJob, (request) => this.#heed('pause', () => pause(null, request)), {
      description: 'Read on; {"partitions":[0]} for some',
    });
    setHandler(messages.resumeJobUpdate, (request) => pause(null, request), {
      description: 'The same, answered',
    });
  }

  async #replay(request: unknown): Promise<ReplayAnswer> {
    await condition(() => this.state !== null);
    const answer = await this.#replays.ask(request, this.state!, this.members!);
    this.#news = true;
    return answer;
  }

  /** Whether a member says so of this epoch; and not a person, of nothing. */
  #isOfNow(there: Reached | undefined): boolean {
    if (typeof there?.partition !== 'number') return false;
    return there.epoch === undefined || this.state === null || there.epoch === this.state.epoch;
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
      if (stage.drain) await tellDrain(this.members!, stage); // once more to those that may have missed it
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
      const isNew = !stage.members.includes(partition);
      if (isNew) stage.members.push(partition);
      await this.members!.startAgain(stage, partition, isNew ? (state.paused ?? undefined) : undefined);
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

  /** Does what a signal wants. Where the run is cancelled, that ends it, and not this. */
  async #heed(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await this.#attempt(what, work);
    } catch (error) {
      if (!isCancellation(error)) throw error;
    }
  }

  #note(what: string, trouble: string | null): void {
    if (trouble === null) this.#troubles.delete(what);
    else this.#troubles.set(what, trouble);
  }

  #show(): JobStanding {
    const { state } = this;
    const { topic, pipeline } = state?.job ?? { topic: '?', pipeline: '?' };
    const trouble = [...this.#troubles.values()].join('; ') || null;
    return {
      job: this.#name,
      phase: phaseOf(state, this.#standing),
      topic,
      pipeline,
      trouble,
      partitions: this.#standing,
    };
  }
}

function phaseOf(state: JobState | null, standing: PartitionStanding[]): string {
  if (state === null) return 'starting';
  if (state.sources.drain !== null) return 'draining';
  if (state.paused) return 'paused';
  return standing.some(({ replaying = false }) => replaying) ? 'replaying' : 'running';
}
