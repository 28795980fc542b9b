import { ApplicationFailure } from '@temporalio/common';
import type { TopicAdmin, TopicDescription } from '../io/kafka/topics.js';
import { withFailures } from './failures.js';

export function createDescribeTopic({ topics, brokers }: { topics: TopicAdmin; brokers: string }) {
  /** The topic's id and partitions, each with its oldest offset and the end of what may be read. Fails where there is no such topic. */
  return async (topic: string): Promise<TopicDescription> => {
    const found = await withFailures(() => topics.describe(topic));
    if (found) return found;
    throw ApplicationFailure.nonRetryable(
      `Kafka at ${brokers} has no topic ${topic}: make it, or name another in the job's input, and start the job again`,
      'NoTopic',
    );
  };
}
