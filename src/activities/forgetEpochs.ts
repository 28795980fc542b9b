/** Internal topics of the epochs before the present one: nothing reads them once every member goes on in that one, and its replay is over. */
import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import { isRewriting } from '../domain/rewrite.js';
import type { OffsetRange } from '../io/kafka/brokers.js';
import { internalTopic } from '../io/kafka/internalTopic.js';
import { isTakenUp } from '../io/postgres/isTakenUp.js';
import { jobProgress } from '../io/postgres/jobProgress.js';
import { withFailures } from './failures.js';

interface Dependencies {
  pool: pg.Pool;
  /** The partitions of a topic; null where there is no such topic. */
  findTopic: (topic: string) => Promise<OffsetRange[] | null>;
  deleteTopic: (topic: string) => Promise<void>;
  warn: (sentence: string) => void;
}

const JOBS = 1000;
const AGAIN_MS = 3_600_000;

/**
 * A function that deletes the internal topics of a job's older epochs, once they are not needed any more: at the end of a replay, and where
 * that failed, an hour later again. Names are made, never searched for: no other job's topic is among them.
 */
export function createForgetEpochs({ pool, findTopic, deleteTopic, warn }: Dependencies) {
  const done = new LRUCache<string, number>({ max: JOBS, ttl: AGAIN_MS, perf: Date });

  async function isOver(epoch: { job: string; epoch: number }): Promise<boolean> {
    if (!(await isTakenUp(pool, epoch))) return false;
    const members = await jobProgress(pool, epoch);
    // Of a source, too, not only what was read before has to be read again: its watermark has to be where it was.
    return !members.some((each) => isRewriting(each.rewrite, each));
  }

  return async ({ job, epoch }: { job: string; epoch: number }): Promise<void> => {
    if (epoch === 0 || done.get(job) === epoch || !(await withFailures(() => isOver({ job, epoch })))) return;
    done.set(job, epoch);
    for (let older = epoch - 1; older >= 0; older--) {
      const topic = internalTopic(job, older);
      try {
        if ((await findTopic(topic)) !== null) await deleteTopic(topic);
      } catch (error) {
        // It only costs space, and a user may have no right to delete topics.
        warn(
          `internal topic ${topic} is not needed any more, and stays for now: ${(error as Error).message}`,
        );
      }
    }
  };
}
