/** What the Temporal UI and `temporal workflow metadata` show a person: Markdown, set anew in every run. */
import type { PartitionStanding } from '../activities/surveyJob.js';
import { formatInstant, type Instant } from '../domain/instant.js';
import type { Run } from './run.js';

/** The UI draws cells without padding. */
const PAD = '\u00a0\u00a0';

export function table(head: string[], rows: (string | number)[][]): string {
  const line = (cells: (string | number)[]): string => `|${cells.map((cell) => PAD + cell + PAD).join('|')}|`;
  return [line(head), `|${head.map(() => '--:').join('|')}|`, ...rows.map(line)].join('\n');
}

function iso(instant: Instant | null): string {
  return formatInstant(instant) ?? '–';
}

export function partitionProgress(run: Run) {
  const shown = run.shown();
  if (shown === null) return { ...named(run), phase: 'taking over' };
  const {
    phase,
    paused,
    replayUntil,
    offset,
    endOffset,
    watermark,
    openUntil,
    caughtUpSince,
    commits,
    counters,
  } = shown;
  return {
    ...named(run),
    phase,
    ...(paused === null ? {} : { paused }),
    ...(replayUntil === null ? {} : { replayUntil: iso(replayUntil) }),
    offset,
    endOffset,
    lag: Math.max(0, endOffset - offset),
    watermark: iso(watermark),
    openUntil: iso(openUntil),
    caughtUpSince: iso(caughtUpSince),
    commits,
    ...counters,
  };
}

function named({ input: { name, epoch, partition, stage = 1, job, regroup } }: Run) {
  const topic = stage === 1 ? job.topic : regroup!.topic;
  return { job: name, pipeline: job.pipeline, topic, ...(stage === 1 ? {} : { stage }), partition, epoch };
}

export function partitionDetails(run: Run): string {
  const entries = Object.entries(partitionProgress(run));
  return table(
    ['', ''],
    entries.map(([name, value]) => [name, String(value)]),
  );
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

function stateOf({
  died,
  paused,
  replaying,
}: Pick<PartitionStanding, 'died' | 'paused' | 'replaying'>): string {
  if (died !== null) return died;
  if (paused) return `paused: ${paused}`;
  return replaying ? 'replaying' : '';
}

export function jobDetails({ phase, topic, pipeline, trouble, partitions }: JobStanding): string {
  const head = ['partition', 'offset', 'lag', 'watermark (UTC)', 'open until (UTC)', 'late', 'rejected', ''];
  const rows = partitions.map(
    ({ stage = 1, partition, offset, endOffset, watermark, openUntil, late, rejected, ...state }) => [
      stage === 1 ? partition : `target ${partition}`,
      offset,
      Math.max(0, endOffset - offset),
      inOneLine(watermark),
      inOneLine(openUntil),
      late,
      rejected,
      stateOf(state),
    ],
  );
  return [`${pipeline} over ${topic}, ${phase}`, ...(trouble ? [trouble] : []), table(head, rows)].join(
    '\n\n',
  );
}
