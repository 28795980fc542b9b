import { formatDuration } from '../domain/duration.js';
import type { Job } from './job.js';

/** A job as stored that regroups to `targets`, whether its `parallelism` was once named or not; 0 where it does not regroup. */
export function withTargets(stored: Job, targets: number): Job {
  return targets === 0 || stored.pipeline === 'hits' ? stored : { ...stored, parallelism: targets };
}

/** Of all pipelines: a job has those of its own. */
const IDENTITY = ['topic', 'partitionedBy', 'sizeMs', 'slideMs', 'offsetMs', 'time', 'parallelism'];
const RULES = ['delayMs', 'gapMs', 'dedupeWithinMs', 'futureGuardMs'];

/**
 * Why a start of job `name` as `wanted` is refused, given what was `stored` of it; null where it is admitted (docs/semantics.md,
 * starting again). Names every difference, and what to do.
 */
export function refusal(name: string, stored: Job, wanted: Job): string | null {
  // The options of another pipeline are others: that they differ says nothing more.
  const same = stored.pipeline === wanted.pipeline;
  const identity = differences(same ? IDENTITY : ['pipeline', 'topic'], stored, wanted);
  const rules = same ? differences(RULES, stored, wanted) : [];
  const sentences: string[] = [];
  if (identity.length > 0) {
    sentences.push(
      `it would be another job: ${identity.join(', ')}. Start it under another workflow id, or as it was.`,
    );
  }
  if (rules.length > 0) {
    sentences.push(
      `what is late would change: ${rules.join(', ')}. That takes a replay of the job; or start it as it was.`,
    );
  }
  return sentences.length === 0
    ? null
    : `Job ${name} exists and is not started, because ${sentences.join(' And ')}`;
}

type Options = Record<string, unknown>;

function differences(keys: readonly string[], stored: Job, wanted: Job): string[] {
  const [before, now] = [stored, wanted] as unknown as [Options, Options];
  return keys
    .filter((key) => (before[key] ?? null) !== (now[key] ?? null))
    .filter((key) => key !== 'parallelism' || (now[key] ?? null) !== null) // left out: as it was
    .map((key) => `${key.replace(/Ms$/, '')} was ${shown(before, key)}, not ${shown(now, key)}`);
}

function shown(options: Options, key: string): string {
  const value = options[key] ?? 'nothing';
  return typeof value === 'number' && key.endsWith('Ms') ? formatDuration(value) : (value as string);
}
