import type { RecentRates } from '../domain/recentRates.js';
import type { RejectedShare } from '../domain/rejectedShare.js';
import type { PartitionInput } from './partitionInput.js';
import type { Wishes } from './wishes.js';

/**
 * What a run hands on of what it has seen; nothing where somebody pauses it. It begins anew with the records after a pause: one that has
 * paused for what was rejected would pause for that again, and people would see an old lag for today's.
 */
export function seenBy(
  { paused }: Pick<Wishes, 'paused'>,
  { endOffset, rates, share }: { endOffset: number | null; rates: RecentRates; share: RejectedShare },
): PartitionInput['seen'] {
  if (typeof paused === 'string') return undefined;
  return { endOffset, rates: rates.carry(), share: share.carry() };
}
