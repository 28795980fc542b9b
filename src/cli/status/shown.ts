/** Where jobs stand, for people: a line, a table, and a line for each thing that is to be said about several partitions. */
import { formatInstant, type Instant } from '../../domain/instant.js';
import { inColumns } from './columns.js';
import type { ActivityError, JobStatus, PartitionStatus } from './types.js';
import { howFast, howLarge, howLong } from './words.js';

const HEAD = [
  'partition',
  'state',
  'offset',
  'end',
  'lag',
  'behind',
  'watermark (UTC)',
  'open',
  'bytes',
  'read/s',
  'rows/s',
  'late',
  'rejected',
] as const;

/** Not known. */
const UNKNOWN = '?';
/** Not there. */
const NONE = '-';

/** `width`: the columns of the terminal, or Infinity. */
export function shownJob(job: JobStatus, { width, now }: { width: number; now: Instant }): string {
  const { name, pipeline, topic, state, line } = job;
  const first =
    `${name}: ${pipeline ?? UNKNOWN} over ${topic ?? UNKNOWN}, ${state ?? UNKNOWN}, ` +
    `results final up to ${formatInstant(line) ?? NONE}`;
  return [first, ...notes(job, now), ...inColumns(HEAD, rowsOf(job), width)].join('\n');
}

function rowsOf({ partitions }: JobStatus): string[][] {
  const isRegrouped = partitions.some(({ stage }) => stage === 2);
  return partitions.map((each) => rowOf(each, isRegrouped && each.stage === 1));
}

function rowOf(status: PartitionStatus, isSource: boolean): string[] {
  const { stage, state, offset, endOffset, lag, lagMs, watermark, open, stateBytes, counters } = status;
  const isTarget = stage === 2;
  const known = <T>(value: T | null, show: (value: T) => string = String): string =>
    value === null ? UNKNOWN : show(value);
  // Sources of a regrouping hold nothing and write no rows; targets read what was judged before.
  const held = <T>(value: T | null, show?: (value: T) => string): string =>
    isSource ? NONE : known(value, show);
  return [
    nameOf(status),
    known(state),
    known(offset),
    known(endOffset),
    known(lag),
    known(lagMs, howLong),
    watermark === null ? NONE : toTheSecond(watermark),
    held(open),
    held(stateBytes, howLarge),
    known(status.readPerSecond, howFast),
    held(status.rowsPerSecond, howFast),
    isTarget ? NONE : known(counters && counters.late),
    isTarget ? NONE : known(counters && counters.rejected),
  ];
}

function nameOf({ stage, partition }: Pick<PartitionStatus, 'stage' | 'partition'>): string {
  return stage === 1 ? String(partition) : `target-${partition}`;
}

function toTheSecond(instant: Instant): string {
  return new Date(instant).toISOString().slice(0, 19).replace('T', ' ');
}

/** What is the same for several partitions is said once. */
function notes(job: JobStatus, now: Instant): string[] {
  const said = new Map<string, { of: Whom[]; errors: ActivityError[] }>();
  const say = (text: string, whom: Whom, error: ActivityError | null): void => {
    const known = said.get(text) ?? { of: [], errors: [] };
    known.of.push(whom);
    if (error !== null) known.errors.push(error);
    said.set(text, known);
  };
  if (job.trouble !== null) say(job.trouble, 'job', null);
  if (job.error !== null) say(sentenceOf(job.error), 'job', job.error);
  for (const each of job.partitions) {
    if (each.paused !== null) say(`paused: ${each.paused}`, each, null);
    if (each.error !== null) say(sentenceOf(each.error), each, each.error);
    if (each.state === 'no worker') say(NO_WORKER, each, null);
  }
  if (job.state === 'no worker' && !said.has(NO_WORKER)) say(NO_WORKER, 'job', null);
  return [...said].map(([text, { of, errors }]) => `  ${namesOf(of)}: ${text}${tries(errors, now)}`);
}

type Whom = Pick<PartitionStatus, 'stage' | 'partition'> | 'job';

/** In their order; three and more that follow each other as `0 to 2`. */
function namesOf(of: readonly Whom[]): string {
  const runs: Whom[][] = [];
  for (const each of of) {
    const last = runs.at(-1)?.at(-1);
    if (last !== undefined && follows(last, each)) runs.at(-1)!.push(each);
    else runs.push([each]);
  }
  const name = (each: Whom): string => (each === 'job' ? each : nameOf(each));
  return runs
    .flatMap((run) => (run.length < 3 ? run.map(name) : `${name(run[0]!)} to ${name(run.at(-1)!)}`))
    .join(', ');
}

function follows(a: Whom, b: Whom): boolean {
  return a !== 'job' && b !== 'job' && a.stage === b.stage && a.partition + 1 === b.partition;
}

const NO_WORKER =
  'no worker answers, so nothing goes on, and what only a worker knows is not shown: run `weir worker`';

/** The line says it, and the others of that server would say the same otherwise. */
const WHICH_LOG = /^\S+\/\d+ cannot be read now: /;

function sentenceOf({ server, activity, message }: ActivityError): string {
  switch (server) {
    case 'Kafka':
    case 'Postgres':
      return `waits for ${server} (${activity}): ${message.replace(WHICH_LOG, '')}`;
    case 'worker':
      return `waits for a worker (${activity}): ${message}`;
    case null:
      return `${activity} fails: ${message}`;
  }
}

function tries(errors: readonly ActivityError[], now: Instant): string {
  if (errors.length === 0) return '';
  const attempts = Math.max(...errors.map((each) => each.attempts));
  const since = Math.min(...errors.map((each) => each.since ?? Infinity));
  const times = attempts === 1 ? 'once' : `${attempts} times`;
  return `; tried ${times}${since === Infinity ? '' : `, for ${howLong(Math.max(0, now - since))}`}`;
}
