/** What a person asks of a replay: `{"from":"2026-01-01T10:00:00Z","delay":"10m"}`, checked. */
import * as z from 'zod';
import { formatDuration } from '../domain/duration.js';
import { parseEventTime } from '../domain/eventTime.js';
import type { Instant } from '../domain/instant.js';
import type { Job } from './job.js';
import { durationOption } from './jobInput.js';

const LOOK_BACK = '1h';

export interface ReplayRequest {
  /** Results that end after it are written again. */
  from: Instant;
  /** Records stamped so much before it are read again, at least. */
  lookBackMs: number;
  /** Partitions of the topic; null: all. */
  partitions: number[] | null;
  dryRun: boolean;
  /** The job as it is from then on. */
  job: Job;
  /** What is changed of it, as a person writes it. */
  changes: Record<string, string>;
}

/** What is answered to who asks for a replay. */
export interface ReplayAnswer {
  job: string;
  dryRun: boolean;
  /** The epoch that writes results again. */
  epoch: number;
  /** What was changed of the job. */
  changes: Record<string, string>;
  partitions: {
    partition: number;
    /** Results that end after it are written again; null: there are none. */
    from: string | null;
    /** Records from this offset to before `until` are read again. */
    offset: number;
    until: number;
  }[];
  /** How many rows are there that end after `from`: each is written again, or goes. */
  results: number;
}

/** A replay that cannot be: every reason, and what to do. */
export class ReplayRefused extends Error {
  constructor(reason: string) {
    super(`The replay is refused: ${reason}`);
    this.name = 'ReplayRefused';
  }
}

const zeroOr = z.preprocess((value) => (value === '0' || value === 0 ? '0ms' : value), durationOption(0));

const shape = {
  from: z.union([z.string(), z.number()]).transform((text, context) => {
    const at = parseEventTime(text);
    if (at !== null) return at;
    context.addIssue({ code: 'custom', message: EXPECTED_TIME });
    return z.NEVER;
  }),
  lookBack: durationOption(0).prefault(LOOK_BACK),
  partitions: z.array(z.int().min(0)).min(1).nullable().default(null),
  dryRun: z.boolean().default(false),
  delay: zeroOr.optional(),
  futureGuard: zeroOr.optional(),
};
const EXPECTED_TIME = 'expected a time such as "2026-01-01T10:00:00Z", or epoch seconds or milliseconds';

const gap = durationOption(1).optional();
const schemas = {
  hits: z.strictObject(shape),
  sessions: z.strictObject({ ...shape, gap }),
  clicks: z.strictObject({ ...shape, gap, dedupeWithin: zeroOr.optional() }),
};

type Rules = Partial<Record<'delay' | 'futureGuard' | 'gap' | 'dedupeWithin', number>>;

/**
 * The replay of `job` that `input` describes.
 * @throws {ReplayRefused} with every problem at once
 */
export function parseReplayInput(input: unknown, job: Job): ReplayRequest {
  const result = schemas[job.pipeline].safeParse(input ?? {});
  if (!result.success) {
    const problems = result.error.issues.map(({ path, message }) =>
      path.length === 0 ? message : `${path.join('.')}: ${path[0] === 'from' ? EXPECTED_TIME : message}`,
    );
    throw new ReplayRefused(`its input is not right:\n${problems.map((each) => `  - ${each}`).join('\n')}`);
  }
  const { from, lookBack, partitions, dryRun, ...rules } = result.data;
  const changed: Record<string, number> = {};
  const changes: Record<string, string> = {};
  for (const [name, ms] of Object.entries(rules as Rules)) {
    if (ms === undefined || (job as unknown as Record<string, unknown>)[`${name}Ms`] === ms) continue;
    changed[`${name}Ms`] = ms;
    changes[name] = formatDuration(ms);
  }
  return { from, lookBackMs: lookBack, partitions, dryRun, job: { ...job, ...changed }, changes };
}
