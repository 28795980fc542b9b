/** What a replay would read and write again (docs/semantics.md, replay): looks, and changes nothing. */
import { formatDuration } from '../domain/duration.js';
import { formatInstant, latest, type Instant } from '../domain/instant.js';
import type { Stage } from '../domain/member.js';
import { readAgainFrom, rewriteFrom, type Reaches } from '../domain/replay.js';
import type { OffsetRange, StampedOffset } from '../io/kafka/brokers.js';
import type { EpochStanding } from '../io/postgres/epochStandings.js';
import type { ResultsAfter } from '../io/postgres/resultsAfter.js';
import type { Job } from '../pipelines/job.js';
import { ReplayRefused, type ReplayRequest } from '../pipelines/replayInput.js';

/** What a plan needs of the world. */
export interface PlanContext {
  members: EpochStanding[];
  /** The job before the replay. */
  before: Job;
  describeTopic(topic: string): Promise<OffsetRange[]>;
  offsetsAt(topic: string, wanted: { partition: number; timestampMs: number }[]): Promise<StampedOffset[]>;
  resultsAfter(
    partitions: { partition: number; after: Instant; longestMs: number }[],
  ): Promise<ResultsAfter[]>;
  /** Of a job that regroups: by source, the smallest offset that anything which targets hold open depends on. */
  openAtTargets(targets: EpochStanding[]): Promise<Map<number, number>>;
}

/** Where a member of the new epoch begins. */
export interface MemberPlan {
  stage: Stage;
  partition: number;
  offset: number;
  from: Instant | null;
  /** Up to where older epochs have read. */
  until: number;
  results: number;
}

export async function planReplay(request: ReplayRequest, context: PlanContext): Promise<MemberPlan[]> {
  const sources = context.members.filter(({ stage }) => stage === 1);
  const targets = context.members.filter(({ stage }) => stage === 2);
  checkPartitions(request, { sources, regroups: targets.length > 0 });
  // What writes results: targets, where there are any.
  const writers = targets.length > 0 ? targets : sources;
  const froms = new Map(writers.map((each) => [each.partition, fromOf(request, each, context.before)]));
  const one = targets.length > 0 ? smallest([...froms.values()]) : undefined;
  const from = ({ partition }: EpochStanding): Instant | null =>
    one === undefined ? froms.get(partition)! : one;
  const written = await writtenAfter(writers, from, context);
  const ranges = new Map(
    (await context.describeTopic(request.job.topic)).map((each) => [each.partition, each]),
  );
  const open = targets.length > 0 ? await context.openAtTargets(targets) : null;
  const lows = sources.map((source) => {
    const at = from(source);
    const starts = one === undefined ? [written.get(source.partition)] : [...written.values()];
    return { source, from: at, low: at === null ? null : lowOf(request, context.before, { at, starts }) };
  });
  const offsets = await offsetsOf(request.job.topic, lows, context);
  const read = lows.map(({ source, from: at, low }): MemberPlan => {
    const { partition, offset: until } = source;
    const needed = Math.min(open?.get(partition) ?? source.rebuildFrom, source.rebuildFrom);
    const whole = !isChosen(request, source) || low === null;
    const stamped = whole ? needed : (offsets.get(partition) ?? ranges.get(partition)?.endOffset ?? needed);
    const results = one === undefined ? (written.get(partition)?.results ?? 0) : 0;
    return { stage: 1, partition, offset: Math.min(stamped, needed), from: at, until, results };
  });
  await refuseWhatIsGone(request, { read, lows, ranges, context });
  const ofTargets = targets.map((target): MemberPlan => {
    const { partition } = target;
    const results = written.get(partition)?.results ?? 0;
    return { stage: 2, partition, offset: 0, from: from(target), until: 0, results };
  });
  return [...read, ...ofTargets];
}

function checkPartitions(
  { partitions }: ReplayRequest,
  { sources, regroups }: { sources: EpochStanding[]; regroups: boolean },
): void {
  if (partitions === null) return;
  if (regroups)
    throw new ReplayRefused(
      'the job regroups its records by key, so that all partitions have to be replayed',
    );
  const unknown = partitions.filter((each) => sources.every(({ partition }) => partition !== each));
  if (unknown.length > 0) throw new ReplayRefused(`the job has no partition ${unknown.join(', ')}`);
}

function isChosen({ partitions }: ReplayRequest, { partition, stage }: EpochStanding): boolean {
  return partitions === null || stage === 2 || partitions.includes(partition);
}

/** A partition that is not chosen goes on from where it is: what is open is read again, no more. */
function fromOf(request: ReplayRequest, member: EpochStanding, before: Job): Instant | null {
  const from = rewriteFrom(isChosen(request, member) ? request.from : Infinity, member);
  // With a larger gap, what ended so shortly before may be one with what comes.
  return from === null ? null : from - Math.max(0, gapGrewMs(request.job, before));
}

/** How much larger the gap is than before: so much later a result ends. */
export function gapGrewMs(now: Job, before: Job): number {
  return now.pipeline === 'hits' || before.pipeline === 'hits' ? 0 : now.gapMs - before.gapMs;
}

/** One for all that regroup: a source publishes to every target. Null where none of them has written anything. */
function smallest(froms: (Instant | null)[]): Instant | null {
  const known = froms.filter((each) => each !== null);
  if (known.length === 0) return null;
  if (known.length < froms.length)
    throw new ReplayRefused('some targets of the regrouping have read nothing yet: try again in a moment');
  return Math.min(...known);
}

async function writtenAfter(
  writers: EpochStanding[],
  from: (writer: EpochStanding) => Instant | null,
  context: PlanContext,
): Promise<Map<number, ResultsAfter>> {
  const asked = writers.flatMap((writer) => {
    const after = from(writer);
    return after === null ? [] : [{ partition: writer.partition, after, longestMs: writer.longestMs }];
  });
  const found = asked.length === 0 ? [] : await context.resultsAfter(asked);
  return new Map(found.map((each) => [each.partition, each]));
}

/** From which time stamp on records are read. */
function lowOf(
  request: ReplayRequest,
  before: Job,
  { at, starts }: { at: Instant; starts: (ResultsAfter | undefined)[] },
): Instant {
  const earliest = starts
    .map((each) => each?.earliestStart ?? null)
    .filter((each) => each !== null)
    .reduce<Instant | null>((min, each) => (min === null ? each : Math.min(min, each)), null);
  return readAgainFrom(at, earliest, reachesOf(request, before));
}

function reachesOf({ job, lookBackMs }: ReplayRequest, before: Job): Reaches {
  const between = [job, before].map((each) =>
    each.pipeline === 'hits' ? 0 : Math.max(each.gapMs, each.pipeline === 'clicks' ? each.dedupeWithinMs : 0),
  );
  return {
    lookBackMs,
    betweenMs: Math.max(...between),
    futureGuardMs: Math.max(job.futureGuardMs, before.futureGuardMs),
  };
}

interface Low {
  source: EpochStanding;
  from: Instant | null;
  /** Time stamp of the first record that is needed; null: only what is open is. */
  low: Instant | null;
}

async function offsetsOf(topic: string, lows: Low[], context: PlanContext): Promise<Map<number, number>> {
  const wanted = lows.flatMap(({ source: { partition }, low }) =>
    low === null ? [] : [{ partition, timestampMs: low }],
  );
  if (wanted.length === 0) return new Map();
  return new Map(
    (await context.offsetsAt(topic, wanted)).map(({ partition, offset }) => [partition, offset]),
  );
}

/** Refuses where retention has removed what would have to be read, with the earliest time that can be. */
async function refuseWhatIsGone(
  request: ReplayRequest,
  {
    read,
    lows,
    ranges,
    context,
  }: { read: MemberPlan[]; lows: Low[]; ranges: Map<number, OffsetRange>; context: PlanContext },
): Promise<void> {
  const { topic } = request.job;
  const shortened = lows.filter(
    ({ source }) => (ranges.get(source.partition)?.startOffset ?? 0) > source.beginsAt,
  );
  if (shortened.length === 0) return;
  const wanted = shortened.map(({ source: { partition } }) => ({ partition, timestampMs: 0 }));
  const oldest = new Map((await context.offsetsAt(topic, wanted)).map((each) => [each.partition, each]));
  const reasons: string[] = [];
  let possible: Instant | null = null;
  for (const { source, low } of shortened) {
    const { partition } = source;
    const { startOffset } = ranges.get(partition)!;
    const first = oldest.get(partition)?.timestampMs ?? Infinity;
    const { offset } = read.find((each) => each.partition === partition)!;
    if (offset < startOffset) {
      reasons.push(
        `partition ${partition} has to be read from offset ${offset} on, for what is open, and begins at ${startOffset} by now`,
      );
    } else if (isChosen(request, source) && low !== null && low <= first) {
      reasons.push(
        `partition ${partition} has to be read from ${formatInstant(low)} on, and its oldest record is of ` +
          `${first === Infinity ? 'nothing' : formatInstant(first)}`,
      );
      const { futureGuardMs, betweenMs, lookBackMs } = reachesOf(request, context.before);
      const later = Math.max(lookBackMs, source.longestMs + betweenMs + futureGuardMs);
      possible = latest(possible, first + later + 1);
    }
  }
  if (reasons.length === 0) return;
  const hint =
    possible !== null && Number.isFinite(possible)
      ? `. It can be done from ${formatInstant(possible)} on (with "lookBack":"${formatDuration(request.lookBackMs)}")`
      : '';
  throw new ReplayRefused(`retention has removed records of topic ${topic}: ${reasons.join('; ')}${hint}`);
}
