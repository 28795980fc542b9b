/** What the Temporal UI and `temporal workflow metadata` show a person: Markdown, set anew in every run. */
import type { PartitionStanding } from '../activities/surveyJob.js';
import { formatInstant, type Instant } from '../domain/instant.js';
import type { PartitionRun } from './partitionRun.js';

/** The UI draws cells without padding. */
const PAD = '\u00a0\u00a0';

export function table(head: string[], rows: (string | number)[][]): string {
  const line = (cells: (string | number)[]): string => `|${cells.map((cell) => PAD + cell + PAD).join('|')}|`;
  return [line(head), `|${head.map(() => '--:').join('|')}|`, ...rows.map(line)].join('\n');
}

function iso(instant: Instant | null): string {
  return formatInstant(instant) ?? '–';
}

export function partitionProgress(run: PartitionRun) {
  const { state } = run;
  if (state === undefined) return { ...named(run), phase: 'taking over' };
  return {
    ...named(run),
    phase: run.phase,
    offset: state.offset,
    endOffset: run.endOffset,
    lag: Math.max(0, run.endOffset - state.offset),
    watermark: iso(state.watermark),
    openUntil: iso(state.openUntil()),
    caughtUpSince: iso(state.caughtUp?.since ?? null),
    commits: state.number,
    ...state.counters,
  };
}

function named({ input: { name, epoch, partition, job } }: PartitionRun) {
  return { job: name, pipeline: job.pipeline, topic: job.topic, partition, epoch };
}

export function partitionDetails(run: PartitionRun): string {
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

export function jobDetails({ phase, topic, pipeline, trouble, partitions }: JobStanding): string {
  const head = ['partition', 'offset', 'lag', 'watermark (UTC)', 'open until (UTC)', 'late', 'rejected', ''];
  const rows = partitions.map(
    ({ partition, offset, endOffset, watermark, openUntil, late, rejected, died }) => [
      partition,
      offset,
      Math.max(0, endOffset - offset),
      inOneLine(watermark),
      inOneLine(openUntil),
      late,
      rejected,
      died ?? '',
    ],
  );
  return [`${pipeline} over ${topic}, ${phase}`, ...(trouble ? [trouble] : []), table(head, rows)].join(
    '\n\n',
  );
}
