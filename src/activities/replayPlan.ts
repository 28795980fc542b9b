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
  const regroups = targets.length > 0;
  checkPartitions(request, { sources, regroups });
  // What writes results: targets, where there are any.
  const writers = regroups ? targets : sources;
  const from = fromsOf(request, writers, { before: context.before, regroups });
  const written = await writtenAfter(writers, from, context);
  const ranges = new Map(
    (await context.describeTopic(request.job.topic)).map((each) => [each.partition, each]),
  );
  const open = regroups ? await context.openAtTargets(targets) : null;
  const lows = sources.map((source) => {
    const at = from(source);
    const starts = regroups ? [...written.values()] : [written.get(source.partition)];
    return { source, from: at, low: at === null ? null : lowOf(request, context.before, { at, starts }) };
  });
  const offsets = await offsetsOf(request.job.topic, lows, context);
  const read = lows.map(({ source, from: at, low }): MemberPlan => {
    const { partition, offset: until } = source;
    const needed = Math.min(open?.get(partition) ?? source.rebuildFrom, source.rebuildFrom);
    const whole = !isChosen(request, source) || low === null;
    const stamped = whole ? needed : (offsets.get(partition) ?? ranges.get(partition)?.endOffset ?? needed);
    const results = regroups ? 0 : (written.get(partition)?.results ?? 0);
    return { stage: 1, partition, offset: Math.min(stamped, needed), from: at, until, results };
  });
  const latestFrom = fromsOf({ ...request, from: Infinity, job: context.before }, writers, {
    before: context.before,
    regroups,
  });
  const longestMs = regroups ? Math.max(...targets.map((each) => each.longestMs)) : null;
  await refuseWhatIsGone(request, { read, lows, ranges, latestFrom, longestMs, context });
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

/** From when on each member of the new epoch writes results again; null: it has written none. */
function fromsOf(
  request: ReplayRequest,
  writers: EpochStanding[],
  { before, regroups }: { before: Job; regroups: boolean },
): (member: EpochStanding) => Instant | null {
  const froms = new Map(writers.map((each) => [each.partition, fromOf(request, each, before)]));
  if (!regroups) return ({ partition }) => froms.get(partition)!;
  const one = smallest([...froms.values()]);
  return () => one;
}

/** A partition that is not chosen goes on from where it is: what is open is read again, no more. */
function fromOf(request: ReplayRequest, member: EpochStanding, before: Job): Instant | null {
  const from = rewriteFrom(isChosen(request, member) ? request.from : Infinity, member);
  // With a larger gap, what ended so shortly before may be one with what comes.
  return from === null ? null : from - gapGrowthMs(request, before);
}

function gapGrowthMs({ job }: ReplayRequest, before: Job): number {
  return Math.max(0, gapGrewMs(job, before));
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

interface Found {
  read: MemberPlan[];
  lows: Low[];
  ranges: Map<number, OffsetRange>;
  /** The latest time from which a source can be replayed: what is committed. */
  latestFrom: (source: EpochStanding) => Instant | null;
  /** Nothing that targets have written is longer; null: there are none. */
  longestMs: number | null;
  context: PlanContext;
}

/** Refuses where retention has removed what would have to be read, with the earliest time that can be. */
async function refuseWhatIsGone(
  request: ReplayRequest,
  { read, lows, ranges, latestFrom, longestMs, context }: Found,
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
  let canBe = true;
  let couldBe = true; // with a smaller lookBack
  for (const { source, low } of shortened) {
    const { partition } = source;
    const { startOffset } = ranges.get(partition)!;
    const first = oldest.get(partition)?.timestampMs ?? Infinity;
    const { offset } = read.find((each) => each.partition === partition)!;
    if (offset < startOffset) {
      reasons.push(
        `partition ${partition} has to be read from offset ${offset} on, for what is open, and begins at ${startOffset} by now`,
      );
      canBe = couldBe = false; // whatever is asked for
    } else if (isChosen(request, source) && low !== null && low <= first) {
      const what =
        first === Infinity ? 'it holds no record' : `its oldest record is of ${formatInstant(first)}`;
      reasons.push(`partition ${partition} has to be read from ${formatInstant(low)} on, and ${what}`);
      const { lookBackMs, betweenMs, futureGuardMs } = reachesOf(request, context.before);
      const resultMs = (longestMs ?? source.longestMs) + betweenMs + futureGuardMs;
      const later = first + gapGrowthMs(request, context.before) + 1;
      possible = latest(possible, later + Math.max(lookBackMs, resultMs));
      // Who asks for a later time than that gets that one.
      const last = latestFrom(source) ?? -Infinity;
      canBe &&= later + Math.max(lookBackMs, resultMs) <= last;
      couldBe &&= later + resultMs <= last;
    }
  }
  if (reasons.length === 0) return;
  const lookBack = `"lookBack":"${formatDuration(request.lookBackMs)}"`;
  const hint = canBe
    ? `. It can be done from ${formatInstant(possible)} on (with ${lookBack})`
    : couldBe
      ? `. There is no time yet from which it can be done with ${lookBack}: take a smaller one`
      : '';
  throw new ReplayRefused(`retention has removed records of topic ${topic}: ${reasons.join('; ')}${hint}`);
}
