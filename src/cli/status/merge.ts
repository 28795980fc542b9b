/** One partition out of what Postgres, Kafka and Temporal say of it. Pure. */
import { openUntil } from '../../domain/commit.js';
import type { Stage } from '../../domain/member.js';
import { RATES_OVER_MS } from '../../domain/recentRates.js';
import { isRewriting } from '../../domain/rewrite.js';
import type { PartitionProgress } from '../../io/postgres/jobProgress.js';
import type { Answer, Described } from './live.js';
import type { PartitionStatus } from './types.js';

export interface Known {
  stage: Stage;
  partition: number;
  /** As it is committed; null: the database does not say. */
  progress: PartitionProgress | null;
  /** null: Temporal does not say. */
  described: Described | null;
  /** What its workflow says, of the epoch that is committed; null: it says nothing. */
  answer: Answer | null;
  /** It says something, of an epoch that a replay has ended. */
  isOfOtherEpoch: boolean;
  endOffset: number | null;
}

/** All but {@link PartitionStatus.lagMs}, which is asked for where there is a lag. */
export function statusOfPartition(known: Known, now: number): PartitionStatus {
  const { stage, partition, progress, described, answer, endOffset } = known;
  const offset = progress?.offset ?? null;
  const readOffset = larger(offset, answer?.offset ?? null);
  const lag = endOffset === null || readOffset === null ? null : Math.max(0, endOffset - readOffset);
  return {
    stage,
    partition,
    state: stateOf(known),
    offset,
    readOffset,
    endOffset,
    lag,
    lagMs: lag === 0 ? 0 : null,
    watermark: larger(progress?.watermark ?? null, answer?.watermark ?? null),
    openUntil: answer?.offset != null ? answer.openUntil : progress && openUntil(progress),
    open: answer?.open ?? null,
    stateBytes: answer?.stateBytes ?? null,
    ...ratesOf(answer, now),
    counters: progress?.counters ?? countersOf(answer),
    paused: progress?.paused ?? answer?.paused ?? null,
    error: described?.error ?? null,
  };
}

function larger(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}

function stateOf({ progress, described, answer, isOfOtherEpoch }: Known): string | null {
  if (described !== null && described.status !== 'running')
    return described.status === 'completed' ? 'drained' : described.status;
  if (described?.error) return 'retrying';
  if (answer !== null) return answer.phase;
  if (progress?.paused) return 'paused';
  if (isOfOtherEpoch) return 'taking over';
  if (described !== null) return 'no worker';
  return progress && isRewriting(progress.rewrite, progress) ? 'replaying' : null;
}

/** Rates are those of the time before the last batch: of a partition at rest that is long ago. */
function ratesOf(
  answer: Answer | null,
  now: number,
): Pick<PartitionStatus, 'readPerSecond' | 'rowsPerSecond'> {
  if (answer === null || answer.readPerSecond === null) return { readPerSecond: null, rowsPerSecond: null };
  const { readPerSecond, rowsPerSecond, ratesUntil } = answer;
  const isAtRest = ratesUntil === null || now - ratesUntil > RATES_OVER_MS;
  return isAtRest ? { readPerSecond: 0, rowsPerSecond: 0 } : { readPerSecond, rowsPerSecond };
}

function countersOf(answer: Answer | null): PartitionStatus['counters'] {
  if (answer === null || answer.duplicate === null) return null;
  const { read, accepted, duplicate, late, rejected, skipped } = answer;
  const none = { read: 0, accepted: 0, late: 0, rejected: 0, skipped: 0 };
  return read === null
    ? { ...none, duplicate }
    : {
        read,
        accepted: accepted ?? 0,
        duplicate,
        late: late ?? 0,
        rejected: rejected ?? 0,
        skipped: skipped ?? 0,
      };
}
