/**
 * Shows what jobs have committed as offsets of a consumer group, for the tools that people have for those. Nothing is ever read from there:
 * the truth is `weir.progress`. It runs beside the work, every few seconds, and what fails is tried again at the next time.
 */
import type { Watch } from '../activities/watch.js';
import type { GroupOffset, GroupOffsets } from '../io/kafka/groupOffsets.js';

const EVERY_MS = 3000;
/** Brokers forget the offsets of a group without members after a time (`offsets.retention.minutes`, a week): so at rest, too. */
const AGAIN_MS = 3_600_000;
/** A partition that nobody has seen for so long is another worker's. */
const GONE_AFTER_MS = 60_000;
/** A coordinator that moves, or that a group is new to, says no for a moment. */
const TIMES_UNTIL_SAID = 3;
/** A worker that stops waits at most so long for the last ones. */
const LAST_MS = 2000;

interface Entry extends Omit<GroupOffset, 'offset'> {
  group: string;
  /** null: not known yet. */
  offset: number | null;
  held: number;
  seenAt: number;
  sent: { offset: number; at: number } | null;
}

export interface ConsumerGroup {
  watch: Watch;
  /** Sends what is to be sent; never rejects. */
  send(): Promise<void>;
  close(): Promise<void>;
}

export function createConsumerGroup(
  offsets: GroupOffsets,
  options: { groupOf: (job: string) => string; warn: (message: string) => void; now?: () => number },
): ConsumerGroup {
  const { groupOf, warn, now = Date.now } = options;
  const entries = new Map<string, Entry>();
  let sending: Promise<void> | null = null;
  /** How many times in a row, by group. */
  const failures = new Map<string, number>();
  let closing = false;

  async function sendAll(): Promise<void> {
    const at = now();
    const byGroup = new Map<string, Entry[]>();
    for (const [key, entry] of entries) {
      if (entry.held === 0 && at - entry.seenAt > GONE_AFTER_MS) entries.delete(key);
      else if (isDue(entry, at)) byGroup.set(entry.group, [...(byGroup.get(entry.group) ?? []), entry]);
    }
    for (const [group, due] of byGroup) await sendOf(group, due);
  }

  async function sendOf(group: string, due: readonly Entry[]): Promise<void> {
    const sent = due.map(({ topic, partition, offset }) => ({ topic, partition, offset: offset! }));
    try {
      await offsets.commit(group, sent);
      for (const [i, entry] of due.entries()) entry.sent = { offset: sent[i]!.offset, at: now() };
      failures.delete(group);
    } catch (error) {
      const failed = (failures.get(group) ?? 0) + 1;
      failures.set(group, failed);
      if (failed === TIMES_UNTIL_SAID && !closing) warn((error as Error).message);
    }
  }

  function send(): Promise<void> {
    sending ??= sendAll().finally(() => (sending = null));
    return sending;
  }

  const timer = setInterval(() => void send(), EVERY_MS);
  timer.unref();
  return {
    send,
    watch({ job, topic, stage, partition }, seen) {
      // The internal topic is no topic of people's.
      if (stage !== 1) return;
      const key = `${job}/${partition}`;
      let entry = entries.get(key);
      if (entry === undefined) {
        entry = { group: groupOf(job), topic, partition, offset: null, held: 0, seenAt: 0, sent: null };
        entries.set(key, entry);
      }
      entry.seenAt = now();
      if (seen.what === 'standing' || seen.what === 'committed') entry.offset = seen.offset;
      if (seen.what === 'held') entry.held++;
      if (seen.what === 'released') entry.held--;
    },
    async close() {
      clearInterval(timer);
      closing = true;
      const tooLong = setTimeout(() => void offsets.close(), LAST_MS);
      await sending; // it may have begun before the last commit
      await send();
      clearTimeout(tooLong);
      await offsets.close();
    },
  };
}

function isDue({ offset, sent }: Entry, at: number): boolean {
  return offset !== null && (sent === null || sent.offset !== offset || at - sent.at >= AGAIN_MS);
}
