import { Context } from '@temporalio/activity';
import type pg from 'pg';
import { readJobClock } from '../io/postgres/jobClock.js';
import type { PartitionKey } from '../io/postgres/partitionKey.js';
import { lateBefore, rejectedOffsets } from '../io/postgres/rejectedOffsets.js';
import { withFailures } from './failures.js';
import { startHeartbeats } from './heartbeats.js';
import type { Handover } from './handover.js';
import type { LookUps } from '../pipelines/pollSide.js';
import { poll, type PollInput, type PollResult } from './poll.js';
import type { SourceReaders } from './sourceReader.js';
import { batchRead, watched, type Watch } from './watch.js';

interface Dependencies extends LookUps {
  sources: SourceReaders;
  pool: pg.Pool;
  watch: Watch;
  handover: Handover;
}

export function createPoll({ sources, pool, watch, handover, readAgent, countryOf }: Dependencies) {
  /** {@link poll} with a reader of this process's pool, heartbeats, and an end at once when it is cancelled. */
  return async (key: PartitionKey, input: PollInput): Promise<PollResult> => {
    const activity = Context.current();
    const { idleAfterMs, topic } = input.job;
    const partition = watched(key, input.job);
    const request = activity.info.attempt > 1 ? inAHurry(input) : input;
    const stopHeartbeats = startHeartbeats();
    watch(partition, { what: 'held' });
    if (!input.silent && !input.uncommitted) watch(partition, { what: 'standing', offset: input.offset });
    try {
      const result = await withFailures(() =>
        sources.lend({ job: key.job, topic, partition: key.partition }, (reader) =>
          Promise.race([
            activity.cancelled,
            poll(request, {
              reader,
              readAgent,
              countryOf,
              now: Date.now,
              sleep: (ms) => activity.sleep(ms),
              readJobClock: (now) => readJobClock(pool, key, { now, idleAfterMs }),
              readLateBefore: (range) => lateBefore(pool, key, range),
              readRejectedOffsets: (range) => rejectedOffsets(pool, key, range),
              warn: (message) => activity.log.warn(message),
              leaving: handover.givenBack,
              fetched: (fetch) => watch(partition, { what: 'fetched', ...fetch }),
            }),
          ]),
        ),
      );
      const givenBack = await handover.passing();
      watch(partition, batchRead(result, input.silent));
      return givenBack ? { ...result, givenBack } : result;
    } catch (error) {
      if (!activity.cancellationSignal.aborted) watch(partition, { what: 'not read' });
      throw error;
    } finally {
      stopHeartbeats();
      watch(partition, { what: 'released' });
    }
  };
}

/** A poll that is tried again follows a crash or an outage: people wait for progress. */
function inAHurry(input: PollInput): PollInput {
  return { ...input, job: { ...input.job, lingerMs: 0 } };
}
