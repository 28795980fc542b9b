import { Context } from '@temporalio/activity';
import type pg from 'pg';
import type { Instant } from '../domain/instant.js';
import type { Progress } from '../domain/commit.js';
import type { Publisher } from '../io/kafka/publisher.js';
import type { LogReader } from '../io/kafka/logReader.js';
import { commit } from '../io/postgres/commit.js';
import { readJobClock } from '../io/postgres/jobClock.js';
import type { PartitionKey } from '../io/postgres/partitionKey.js';
import { fixPending, joinLine, readSource } from '../io/postgres/pending.js';
import { lateBefore } from '../io/postgres/rejectedOffsets.js';
import { scatterSideOf, type LookUps } from '../pipelines/pollSide.js';
import { withFailures } from './failures.js';
import type { Handover } from './handover.js';
import { startHeartbeats } from './heartbeats.js';
import { pollWith } from './poll.js';
import { encodeMessage } from './regroupMessage.js';
import { commitWatched } from './commitWatched.js';
import { batchRead, watched, type Watch } from './watch.js';
import { closeSource, relay, type RelayContext, type RelayInput, type RelayResult } from './relay.js';
import type { SourceReaders } from './sourceReader.js';

interface Dependencies extends LookUps {
  sources: SourceReaders;
  publisher: Publisher;
  pool: pg.Pool;
  watch: Watch;
  handover: Handover;
}

/** Which run asks, and where it publishes. */
export interface RelayFor {
  key: PartitionKey;
  owner: string;
  /** The internal topic. */
  topic: string;
}

export function createRelay(dependencies: Dependencies) {
  return {
    /** {@link relay} with this process's connections, heartbeats, and an end at once when it is cancelled. */
    relay: (ask: RelayFor, input: RelayInput): Promise<RelayResult> =>
      attended(dependencies, { ask, input }, (context) => relay(input, context)),
    /** {@link closeSource} in the same way. */
    closeSource: (ask: RelayFor, input: RelayInput, end: Instant | null): Promise<Progress> =>
      attended(dependencies, { ask, input }, (context) => closeSource(input, end, context)),
  };
}

async function attended<T>(
  { sources, publisher, pool, watch, handover, ...lookUps }: Dependencies,
  { ask, input }: { ask: RelayFor; input: RelayInput },
  work: (context: RelayContext) => Promise<T>,
): Promise<T> {
  const activity = Context.current();
  const { key, owner, topic } = ask;
  const { job, targets } = input;
  const partition = watched(key, job);
  const side = scatterSideOf(job, { targets, source: key.partition, ...lookUps });
  const stopHeartbeats = startHeartbeats();
  const contextOf = (reader: LogReader): RelayContext => ({
    now: Date.now,
    isOver: () => activity.cancellationSignal.aborted || handover.givenBack.aborted,
    async readSource() {
      const progress = await readSource(pool, key, owner);
      watch(partition, { what: 'standing', offset: progress.offset });
      return progress;
    },
    fixPending: (number, pending) => fixPending(pool, key, { owner, number, pending }),
    joinLine: (number) => joinLine(pool, key, { owner, number }),
    async poll(poll) {
      const batch = await pollWith(
        poll,
        {
          reader,
          now: Date.now,
          sleep: (ms) => activity.sleep(ms),
          readJobClock: (now) => readJobClock(pool, key, { now, idleAfterMs: job.idleAfterMs }),
          readLateBefore: (range) => lateBefore(pool, key, range),
          readRejectedOffsets: () => Promise.resolve(new Set()),
          warn: (message) => activity.log.warn(message),
          leaving: handover.givenBack,
          fetched: (fetch) => watch(partition, { what: 'fetched', ...fetch }),
        },
        side,
      );
      watch(partition, batchRead(batch, false));
      return batch;
    },
    publish: (messages) =>
      publisher.publish(
        topic,
        messages.map(({ target, message }) => ({ partition: target, value: encodeMessage(message) })),
      ),
    warn: (message) => activity.log.warn(message),
    commit(what) {
      const request = { ...key, owner, topic: job.topic, results: job.pipeline, commit: what };
      return commitWatched(request, {
        watch,
        pipeline: job.pipeline,
        write: () => commit(pool, request, null),
      });
    },
  });
  watch(partition, { what: 'held' });
  try {
    const result = await withFailures(() =>
      sources.lend({ job: key.job, topic: job.topic, partition: key.partition }, (reader) =>
        Promise.race([activity.cancelled, work(contextOf(reader))]),
      ),
    );
    await handover.passing();
    return result;
  } catch (error) {
    if (!activity.cancellationSignal.aborted) watch(partition, { what: 'not read' });
    throw error;
  } finally {
    stopHeartbeats();
    watch(partition, { what: 'released' });
  }
}
