import { ApplicationFailure } from '@temporalio/common';
import type pg from 'pg';
import { formatInstant } from '../domain/instant.js';
import type { OffsetRange, StampedOffset } from '../io/kafka/brokers.js';
import { internalTopic } from '../io/kafka/internalTopic.js';
import { expectTopic, OffsetOutOfRange } from '../io/kafka/logReader.js';
import type { ReaderPool } from '../io/kafka/readerPool.js';
import type { TopicDescription } from '../io/kafka/topics.js';
import { beginEpoch, type EpochStart } from '../io/postgres/beginEpoch.js';
import { currentEpoch, type CurrentEpoch } from '../io/postgres/currentEpoch.js';
import { epochStandings, type EpochStanding } from '../io/postgres/epochStandings.js';
import { resultsAfter } from '../io/postgres/resultsAfter.js';
import { readTopicId } from '../io/postgres/topicId.js';
import type { Job } from '../pipelines/job.js';
import {
  parseReplayInput,
  ReplayRefused,
  type ReplayAnswer,
  type ReplayRequest,
} from '../pipelines/replayInput.js';
import { epochOf, type Epoch } from './claim.js';
import { withFailures } from './failures.js';
import { withHeartbeats } from './heartbeats.js';
import { openAtTargets } from './openAtTargets.js';
import { gapGrewMs, planReplay, type MemberPlan } from './replayPlan.js';

export interface BegunReplay {
  answer: ReplayAnswer;
  /** The epoch that has begun; null for a dry run. */
  next: Epoch | null;
}

interface Dependencies {
  pool: pg.Pool;
  readers: ReaderPool;
  describeTopic: (topic: string) => Promise<TopicDescription>;
  /** The partitions of a topic; null where there is no such topic. */
  findTopic: (topic: string) => Promise<OffsetRange[] | null>;
  offsetsAt: (
    topic: string,
    wanted: { partition: number; timestampMs: number }[],
  ) => Promise<StampedOffset[]>;
  makeInternalTopic: (topic: string, partitions: number) => Promise<void>;
}

interface Stored {
  id: string;
  answer: ReplayAnswer;
}

export function createBeginReplay(dependencies: Dependencies) {
  const { pool, readers, makeInternalTopic } = dependencies;

  async function begin(name: string, { epoch, id, input }: ReplayAsked): Promise<BegunReplay> {
    const current = await currentEpoch<Job>(pool, name);
    if (current === null) throw new ReplayRefused(`there is no job ${name}`);
    const stored = current.replay as Stored | null;
    if (current.epoch === epoch + 1 && stored?.id === id) return begun(current, stored.answer);
    if (current.epoch !== epoch)
      throw new ReplayRefused(
        `job ${name} is at epoch ${current.epoch}, not at ${epoch}: start it again first`,
      );
    const request = parseReplayInput(input, current.config);
    const members = await plan(name, current, request);
    const answer = answerOf(name, { request, epoch: epoch + 1, members });
    if (request.dryRun) return { answer, next: null };
    const starts = await withTargetsBehind(internalTopic(name, epoch + 1), members);
    const delayGrewMs = request.job.delayMs - current.config.delayMs;
    const replay: Stored = { id, answer };
    const config = request.job;
    const grew = { delayGrewMs, gapGrewMs: gapGrewMs(config, current.config) };
    await beginEpoch(pool, { job: name, epoch, config, ...grew, members: starts, replay });
    return begun({ ...current, config, epoch: epoch + 1 }, answer);

    async function begun(now: CurrentEpoch<Job>, what: ReplayAnswer): Promise<BegunReplay> {
      const next = epochOf(name, now);
      if (next.regroup) await makeInternalTopic(next.regroup.topic, next.regroup.targets);
      return { answer: what, next };
    }
  }

  async function plan(
    name: string,
    { epoch, config: before }: CurrentEpoch<Job>,
    request: ReplayRequest,
  ): Promise<MemberPlan[]> {
    const { describeTopic, offsetsAt } = dependencies;
    return planReplay(request, {
      members: await epochStandings(pool, { job: name, epoch }),
      before,
      async describeTopic(topic) {
        const { id, partitions } = await describeTopic(topic);
        // Offsets of a topic that was made again mean other records.
        expectTopic(topic, { expected: await readTopicId(pool, name), found: id });
        return partitions;
      },
      offsetsAt,
      resultsAfter: (partitions) => resultsAfter(pool, { job: name, results: before.pipeline }, partitions),
      openAtTargets: (targets) => openAt(internalTopic(name, epoch), targets),
    });
  }

  async function partitionsOf(topic: string): Promise<OffsetRange[]> {
    return (await dependencies.describeTopic(topic)).partitions;
  }

  async function openAt(topic: string, targets: EpochStanding[]): Promise<Map<number, number>> {
    try {
      return await openAtTargets({ readers, describeTopic: partitionsOf }, topic, targets);
    } catch (error) {
      if (!(error instanceof OffsetOutOfRange)) throw error;
      throw new ReplayRefused(`the internal topic has lost what its targets hold open: ${error.message}`);
    }
  }

  /** What the internal topic of the new epoch may hold of another life of the job is passed over. */
  async function withTargetsBehind(topic: string, members: MemberPlan[]): Promise<EpochStart['members']> {
    const targets = members.filter(({ stage }) => stage === 2).length;
    const former = targets > 0 ? await dependencies.findTopic(topic) : null;
    if (former !== null && former.length !== targets) {
      throw new ReplayRefused(
        `the internal topic ${topic} is there from another life of the job, with ${former.length} partitions instead of ${targets}: delete it`,
      );
    }
    const ends = new Map(former?.map((each) => [each.partition, each.endOffset]));
    return members.map(({ stage, partition, offset, from }) => ({
      stage,
      partition,
      offset: stage === 1 ? offset : (ends.get(partition) ?? 0),
      from,
    }));
  }

  /**
   * Begins a replay, or tells what it would do: a new epoch of job `name`, whose present one is `epoch`. `id` is the request's own: who asks
   * again, since the answer was lost, hears the same. Bad input, a topic that is not the one that the job has read and what cannot be read
   * any more are failures for good, with every reason.
   */
  return async (name: string, asked: ReplayAsked): Promise<BegunReplay> => {
    try {
      return await withHeartbeats(() => withFailures(() => begin(name, asked)));
    } catch (error) {
      if (!(error instanceof ReplayRefused)) throw error;
      throw ApplicationFailure.nonRetryable(error.message, error.name);
    }
  };
}

export interface ReplayAsked {
  epoch: number;
  id: string;
  input: unknown;
}

function answerOf(
  job: string,
  { request, epoch, members }: { request: ReplayRequest; epoch: number; members: MemberPlan[] },
): ReplayAnswer {
  const { dryRun, changes } = request;
  return {
    job,
    dryRun,
    epoch,
    changes,
    partitions: members
      .filter(({ stage }) => stage === 1)
      .map(({ partition, from, offset, until }) => ({ partition, from: formatInstant(from), offset, until })),
    results: members.reduce((sum, { results }) => sum + results, 0),
  };
}
