/** All activities of a worker, made from what they need. */
import type pg from 'pg';
import type { ReaderPool } from '../io/kafka/readerPool.js';
import type { Locator } from '../io/geo/locator.js';
import type { TopicAdmin } from '../io/kafka/topics.js';
import type { LookUps } from '../pipelines/pollSide.js';
import { createClaim } from './claim.js';
import { createCommit } from './commit.js';
import { createDescribeTopic } from './describeTopic.js';
import { createLocateAddresses } from './locateAddresses.js';
import type { LocateDependencies } from './locateQueue.js';
import { createPoll } from './pollActivity.js';
import { createStartJob } from './startJob.js';
import { createSurveyJob } from './surveyJob.js';

export interface ActivityDependencies extends LookUps {
  pool: pg.Pool;
  readers: ReaderPool;
  topics: TopicAdmin;
  /** Addresses of the brokers, for messages. */
  brokers: string;
  defaultTopic: string | null;
  locator: Locator;
  /** Null where location is off. */
  locating: LocateDependencies | null;
}

export type Activities = ReturnType<typeof createActivities>;

export function createActivities(dependencies: ActivityDependencies) {
  const { pool, readers, topics, readAgent, countryOf, brokers, defaultTopic, locator, locating } =
    dependencies;
  const describeTopic = createDescribeTopic({ topics, brokers });
  return {
    startJob: createStartJob({ pool, defaultTopic, describeTopic }),
    describeTopic,
    surveyJob: createSurveyJob({ pool, describeTopic }),
    claim: createClaim({ pool }),
    poll: createPoll({ readers, pool, readAgent, countryOf }),
    commit: createCommit({ pool, locator }),
    locateAddresses: createLocateAddresses(locating),
  };
}
