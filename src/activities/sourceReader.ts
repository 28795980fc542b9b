import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import { KafkaUnavailable, type LogReader, OtherTopic } from '../io/kafka/logReader.js';
import type { ReaderPool } from '../io/kafka/readerPool.js';
import { readTopicId } from '../io/postgres/topicId.js';

/** Lends readers of the topics that jobs read, and of no topic that somebody has made by the same name since. */
export interface SourceReaders {
  /**
   * Runs `work` with a reader; when it fails, the reader is closed.
   * @throws {OtherTopic} the topic is not the one that the job has read
   */
  lend<T>(
    from: { job: string; topic: string; partition: number },
    work: (reader: LogReader) => Promise<T>,
  ): Promise<T>;
}

const JOBS = 1000;
/** A job that has no id gets one when it is started again. */
const LOOK_AGAIN_MS = 60_000;

export function createSourceReaders({
  readers,
  pool,
}: {
  readers: ReaderPool;
  pool: pg.Pool;
}): SourceReaders {
  const ids = new LRUCache<string, { id: string | null }>({ max: JOBS, perf: Date });

  async function topicIdOf(job: string): Promise<string | null> {
    const kept = ids.get(job);
    if (kept !== undefined) return kept.id;
    const id = await readTopicId(pool, job);
    ids.set(job, { id }, id === null ? { ttl: LOOK_AGAIN_MS } : {});
    return id;
  }

  return {
    async lend({ job, topic, partition }, work) {
      const topicId = await topicIdOf(job);
      const reader = readers.acquire(topic, partition, topicId);
      try {
        const result = await work(reader);
        readers.release(reader);
        return result;
      } catch (error) {
        readers.discard(reader);
        if (!(error instanceof OtherTopic)) throw error;
        // What is kept may be of another life of the job, or somebody has accepted the new topic.
        ids.delete(job);
        if ((await topicIdOf(job)) === topicId) throw error;
        throw new KafkaUnavailable(`the topic of job ${job} is another one by now: tried again`, {
          cause: error,
        });
      }
    },
  };
}
