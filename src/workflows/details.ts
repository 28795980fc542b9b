/** What the Temporal UI and `temporal workflow metadata` show a person: Markdown, set anew in every run. */
import type { PartitionStanding } from '../activities/surveyJob.js';
import type { Counters } from '../domain/accounting.js';
import { formatInstant, type Instant } from '../domain/instant.js';
import type { Run, Shown } from './run.js';

/** The UI draws cells without padding. */
const PAD = '\u00a0\u00a0';

/** The UI makes the place for details lower than they are: what is cut off is this. */
const MARGIN = Array.from({ length: 3 }, () => '\n\n\u00a0').join('');

export function table(head: string[], rows: (string | number)[][]): string {
  const line = (cells: (string | number)[]): string => `|${cells.map((cell) => PAD + cell + PAD).join('|')}|`;
  return [line(head), `|${head.map(() => '--:').join('|')}|`, ...rows.map(line)].join('\n');
}

function iso(instant: Instant | null): string {
  return formatInstant(instant) ?? '–';
}

/** What the query answers: its bytes are measured then. */
export function partitionProgress(run: Run) {
  return { ...progressOf(run), stateBytes: run.measuredBytes() };
}

/** What a person on call looks for comes first. */
function progressOf(run: Run) {
  const shown = run.shown();
  if (shown === null) return { phase: 'taking over', ...named(run) };
  const { phase, paused, replayUntil, offset, endOffset, watermark, openUntil, caughtUpSince, rates } = shown;
  return {
    phase,
    ...(paused === null ? {} : { paused }),
    ...(replayUntil === null ? {} : { replayUntil: iso(replayUntil) }),
    lag: endOffset === null ? null : Math.max(0, endOffset - offset),
    offset,
    endOffset,
    watermark: iso(watermark),
    openUntil: iso(openUntil),
    open: shown.open,
    stateBytes: shown.stateBytes,
    readPerSecond: rounded(rates.read),
    rowsPerSecond: rounded(rates.rows),
    ratesUntil: iso(rates.until),
    caughtUpSince: iso(caughtUpSince),
    ...countersOf(run, shown),
    commits: shown.commits,
    ...named(run),
  };
}

/** What passes a regrouping was counted at its source: a target only finds duplicates. */
function countersOf({ input }: Run, { counters }: Shown): Partial<Counters> {
  return (input.stage ?? 1) === 1 ? counters : { duplicate: counters.duplicate };
}

function rounded(rate: number): number {
  return Math.round(rate * 10) / 10;
}

function named({ input: { name, epoch, partition, stage = 1, job, regroup } }: Run) {
  const topic = stage === 1 ? job.topic : regroup!.topic;
  return { job: name, pipeline: job.pipeline, topic, ...(stage === 1 ? {} : { stage }), partition, epoch };
}

export function partitionDetails(run: Run): string {
  const rows = Object.entries(progressOf(run)).map(([name, value]) => [name, cell(value ?? '–')]);
  return table(['', ''], rows) + MARGIN;
}

/** A text of a person, such as a reason, must not break the table. */
function cell(value: string | number): string {
  return String(value).replaceAll(/[|\r\n]/g, ' ');
}

export interface JobStanding {
  job: string;
  /** Why the last look failed; null where it did not. */
  trouble: string | null;
  phase: string;
  topic: string;
  pipeline: string;
  partitions: PartitionStanding[];
}

/** Seconds do for people, and the UI breaks lines at hyphens and spaces. */
function inOneLine(instant: string | null): string {
  return instant?.slice(0, 19).replace('T', '\u00a0').replaceAll('-', '\u2011') ?? '–';
}

function stateOf({ died, paused, replaying }: PartitionStanding): string {
  if (died !== null) return died;
  if (paused) return 'paused';
  return replaying ? 'replaying' : '';
}

/** Each reason once, and whom it concerns. */
function pauses(partitions: PartitionStanding[]): string[] {
  const byReason = new Map<string, string[]>();
  for (const each of partitions) {
    if (each.paused) byReason.set(each.paused, [...(byReason.get(each.paused) ?? []), nameOf(each)]);
  }
  return [...byReason].map(([reason, names]) => `${names.join(', ')}: paused: ${reason}`);
}

function nameOf({ stage = 1, partition }: PartitionStanding): string {
  return stage === 1 ? String(partition) : `target\u00a0${partition}`;
}

/** As narrow as half of the UI's page. */
export function jobDetails({ phase, topic, pipeline, trouble, partitions }: JobStanding): string {
  const head = ['partition', 'state', 'offset', 'lag', 'watermark (UTC)', 'late', 'rejected'];
  const rows = partitions.map((each) => [
    nameOf(each),
    stateOf(each),
    each.offset,
    Math.max(0, each.endOffset - each.offset),
    inOneLine(each.watermark),
    ...(each.stage === 2 ? ['–', '–'] : [each.late, each.rejected]),
  ]);
  const lines = [`${pipeline} over ${topic}, ${phase}`, ...(trouble ? [trouble] : []), ...pauses(partitions)];
  return [...lines, table(head, rows)].join('\n\n') + MARGIN;
}
