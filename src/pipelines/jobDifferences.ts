import { formatDuration } from '../domain/duration.js';
import type { Job } from './job.js';

const IDENTITY = ['pipeline', 'topic', 'sizeMs', 'slideMs', 'offsetMs'] as const;
const RULES = ['delayMs', 'futureGuardMs'] as const;

/**
 * Why a start of job `name` as `wanted` is refused, given what its first start `stored`; null where it is admitted
 * (docs/semantics.md, starting again). Names every difference, and what to do.
 */
export function refusal(name: string, stored: Job, wanted: Job): string | null {
  const identity = differences(IDENTITY, stored, wanted);
  const rules = differences(RULES, stored, wanted);
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

function differences(keys: readonly (keyof Job)[], stored: Job, wanted: Job): string[] {
  return keys
    .filter((key) => stored[key] !== wanted[key])
    .map((key) => `${key.replace(/Ms$/, '')} was ${shown(stored, key)}, not ${shown(wanted, key)}`);
}

function shown(job: Job, key: keyof Job): string {
  const value = job[key];
  return typeof value === 'number' && key.endsWith('Ms') ? formatDuration(value) : String(value);
}
