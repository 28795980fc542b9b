/** All activities of a worker, made from what they need. */
import type pg from 'pg';
import type { KafkaConfig } from '../io/kafka/config.js';
import { deleteRecordsBelow, deleteTopic, makeInternalTopic } from '../io/kafka/internalTopic.js';
import type { Publisher } from '../io/kafka/publisher.js';
import type { ReaderPool } from '../io/kafka/readerPool.js';
import type { Locator } from '../io/geo/locator.js';
import type { TopicAdmin } from '../io/kafka/topics.js';
import type { LookUps } from '../pipelines/pollSide.js';
import { createBeginReplay } from './beginReplay.js';
import { createClaim } from './claim.js';
import { createCommit } from './commit.js';
import { createDescribeTopic } from './describeTopic.js';
import type { Handover } from './handover.js';
import { createLocateAddresses } from './locateAddresses.js';
import type { LocateDependencies } from './locateQueue.js';
import { createPoll } from './pollActivity.js';
import { createPollTarget } from './pollTarget.js';
import { createRelay } from './relayActivity.js';
import { createSourceReaders } from './sourceReader.js';
import { createStartJob } from './startJob.js';
import { createSurveyJob } from './surveyJob.js';
import type { Watch } from './watch.js';

export interface ActivityDependencies extends LookUps {
  pool: pg.Pool;
  readers: ReaderPool;
  topics: TopicAdmin;
  publisher: Publisher;
  kafka: KafkaConfig;
  defaultTopic: string | null;
  watch: Watch;
  handover: Handover;
  locator: Locator;
  /** Null where location is off. */
  locating: LocateDependencies | null;
}

export type Activities = ReturnType<typeof createActivities>;

export function createActivities(dependencies: ActivityDependencies) {
  const { pool, readers, topics, publisher, kafka, readAgent, countryOf, watch, handover } = dependencies;
  const { defaultTopic, locator, locating } = dependencies;
  const lookUps = { readAgent, countryOf };
  const sources = createSourceReaders({ readers, pool });
  const describeTopic = createDescribeTopic({ topics, brokers: kafka.brokers.join(',') });
  const findTopic = async (topic: string) => (await topics.describe(topic))?.partitions ?? null;
  const makeTopic = (topic: string, partitions: number) => makeInternalTopic(kafka, topic, partitions);
  return {
    startJob: createStartJob({
      pool,
      defaultTopic,
      describeTopic,
      findTopic,
      makeInternalTopic: makeTopic,
    }),
    beginReplay: createBeginReplay({
      pool,
      readers,
      describeTopic,
      findTopic,
      offsetsAt: (topic, wanted) => topics.offsetsAt(topic, wanted),
      makeInternalTopic: makeTopic,
    }),
    describeTopic: async (topic: string) => (await describeTopic(topic)).partitions,
    surveyJob: createSurveyJob({
      pool,
      describeTopic,
      deleteRecordsBelow: (topic, below) => deleteRecordsBelow(kafka, topic, below),
      findTopic,
      deleteTopic: (topic) => deleteTopic(kafka, topic),
    }),
    claim: createClaim({ pool }),
    poll: createPoll({ sources, pool, watch, handover, ...lookUps }),
    ...createRelay({ sources, publisher, pool, watch, handover, ...lookUps }),
    pollTarget: createPollTarget({ readers, watch, handover }),
    commit: createCommit({ pool, locator, watch }),
    locateAddresses: createLocateAddresses(locating),
  };
}
