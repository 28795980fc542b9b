/** Failures as Temporal and people see them. What is not named here is retried with back-off: a server that is away comes back. */
import { ApplicationFailure } from '@temporalio/common';
import { OffsetOutOfRange, OtherTopic, UnreadableLog, KafkaRefused } from '../io/kafka/logReader.js';
import { Fenced } from '../io/postgres/commit.js';
import { whyAway } from '../io/postgres/pool.js';

/** SQLSTATE classes that another try does not cure: bad data, a broken constraint. */
const HOPELESS_SQL = /^(22|23)/;

const FINAL = [Fenced, UnreadableLog, KafkaRefused, OtherTopic];

/**
 * The error as it leaves an activity: final ones become failures that are not retried, under the name that workflows look for. Of a server
 * that is away it names which: people see it in the UI and in `weir status`.
 */
function asFailure(error: unknown): unknown {
  if (error instanceof OffsetOutOfRange) return ApplicationFailure.nonRetryable(error.message, 'DataLoss');
  if (FINAL.some((kind) => error instanceof kind) && error instanceof Error) {
    return ApplicationFailure.nonRetryable(error.message, error.name);
  }
  if (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    HOPELESS_SQL.test(error.code)
  ) {
    return ApplicationFailure.nonRetryable(error.message, 'BadData', error.code);
  }
  const away = whyAway(error);
  return away === null
    ? error
    : ApplicationFailure.retryable(`Postgres does not answer: ${away}`, 'PostgresUnavailable');
}

/** Runs `work`, its errors as {@link asFailure} gives them. */
export async function withFailures<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asFailure(error);
  }
}
