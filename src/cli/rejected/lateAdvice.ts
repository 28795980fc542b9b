/** Late records are not sent again, since they would be late again: a replay of their job with a larger delay takes them in. */
import type pg from 'pg';
import { formatDuration } from '../../domain/duration.js';
import { formatInstant, type Instant } from '../../domain/instant.js';
import { currentEpoch } from '../../io/postgres/currentEpoch.js';
import { lateRecords, type LateRecord } from '../../io/postgres/latePage.js';
import type { RejectedFilter } from '../../io/postgres/rejectedFilter.js';
import type { Job } from '../../pipelines/job.js';
import { parseObject } from '../../pipelines/jsonEvent.js';
import { pollSideOf, type JobPollSide } from '../../pipelines/pollSide.js';

/** What is known of the late records of one job. */
export interface LateFound {
  job: string;
  records: number;
  /** Those whose value says no time any more, since it was cut. */
  undated: number;
  /** The event time of the earliest. */
  earliest: Instant | null;
  /** With a delay of so much none of them would have been late; null: not known. */
  delayMs: number | null;
}

/** Looks at all late records of `filter`. */
export async function findLate(pool: pg.Pool, filter: RejectedFilter): Promise<LateFound[]> {
  const jobs = new Map<string, { config: Job; side: JobPollSide } | null>();
  const found = new Map<string, LateFound>();
  for await (const record of lateRecords(pool, filter)) {
    const { job } = record;
    if (!jobs.has(job)) jobs.set(job, await jobOf(pool, job));
    const known = jobs.get(job)!;
    let late = found.get(job);
    if (late === undefined) found.set(job, (late = noneOf(job)));
    late.records += 1;
    const value = record.value?.toString() ?? null;
    const decoded = known?.side.decode(parseObject(value), record.recordTime);
    if (known === null || decoded === undefined || decoded.reason !== null) {
      late.undated += 1;
      continue;
    }
    const { time } = decoded;
    if (late.earliest === null || time < late.earliest) late.earliest = time;
    const delay = delayFor(record, { time, job: known.config, side: known.side });
    if (delay !== null && (late.delayMs === null || delay > late.delayMs)) late.delayMs = delay;
  }
  return [...found.values()];
}

function noneOf(job: string): LateFound {
  return { job, records: 0, undated: 0, earliest: null, delayMs: null };
}

async function jobOf(pool: pg.Pool, name: string): Promise<{ config: Job; side: JobPollSide } | null> {
  const known = await currentEpoch<Job>(pool, name);
  if (known === null) return null;
  const readAgent = (): never => {
    throw new RangeError('only decoded, not gathered');
  };
  return { config: known.config, side: pollSideOf(known.config, { readAgent }) };
}

/**
 * A delay that would have admitted the record: enough against the watermark that its partition has by now, or against the latest event
 * that can have come before it, if records are stamped when they are sent; whichever is less. null: neither is known.
 */
export function delayFor(
  { recordTime, watermark }: Pick<LateRecord, 'recordTime' | 'watermark'>,
  {
    time,
    job,
    side,
  }: { time: Instant; job: Pick<Job, 'delayMs' | 'futureGuardMs'>; side: Pick<JobPollSide, 'isLate'> },
): number | null {
  const end = ownEnd(time, side);
  const byWatermark = watermark === null ? Infinity : watermark + job.delayMs - end + 1;
  const byStamp = recordTime === null ? Infinity : recordTime + job.futureGuardMs - end + 1;
  const needed = Math.min(byWatermark, byStamp);
  return needed === Infinity ? null : Math.max(needed, job.delayMs + 1);
}

/** Longer than any window: a job's durations are at most ten years. */
const FAR_MS = 4000 * 24 * 3_600_000;

/** The smallest watermark at which a record at `time` is late. */
function ownEnd(time: Instant, side: Pick<JobPollSide, 'isLate'>): Instant {
  let [low, high] = [time - 1, time + FAR_MS];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (side.isLate(time, middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** What to do about the late records of a job. */
export function lateSentence({ job, records, undated, earliest, delayMs }: LateFound): string {
  const what = `${records} late ${records === 1 ? 'record' : 'records'} of ${job}`;
  const why =
    records === 1 ? 'is not sent: it would be late again' : 'are not sent: they would be late again';
  const how = 'A replay of the job with a larger delay takes late records in';
  if (earliest === null) return `${what} ${why}. ${how}; from when on, their values do not say.`;
  const but = undated === 0 ? '' : `\n(${undated} of them could not be read, and may be earlier.)`;
  // What ends exactly at T is not written again, and a visit may touch the event: so before it.
  const from = formatInstant(Math.floor((earliest - 1) / 1000) * 1000)!;
  const delay = delayMs === null ? 'D' : formatDuration(Math.ceil(delayMs / 1000) * 1000);
  const unknown = delayMs === null ? ', with a D that is larger than the delay of now' : '';
  return `${what} ${why}. ${how}${unknown}:\n  weir replay --job ${shellWord(job)} --from ${from} --delay ${delay}${but}`;
}

function shellWord(text: string): string {
  return /^[\w.@%+:,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
