/** The input of a job as a person writes it, checked: `{"pipeline":"hits","topic":"web_traffic_topic","size":"5m"}`. */
import * as z from 'zod';
import { formatDuration, parseDuration } from '../domain/duration.js';
import type { Job, Pipeline } from './job.js';

/** Windows of one instant at most: each record is counted in as many. */
const MOST_WINDOWS = 1000;

/** Ten years: sums with event times stay within what a database can hold. */
const LONGEST_MS = 3650 * 24 * 3_600_000;

const durationError = 'expected a duration such as "5m", "30s", "250ms" or "1h"';

/** A duration of at least `min` ms, as a person writes it. */
export function durationOption(min: number) {
  return z.string({ error: durationError }).transform((text, context) => {
    const ms = parseDuration(text);
    if (ms !== null && ms >= min && ms <= LONGEST_MS) return ms;
    const message =
      ms === null
        ? durationError
        : `must be at least ${formatDuration(min)} and at most ${formatDuration(LONGEST_MS)}`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });
}

/** Topics of jobs that name none, where KAFKA_TOPIC names none either. */
export const DEFAULT_TOPICS: Record<Pipeline, string> = {
  hits: 'web_traffic_topic',
  sessions: 'web_events',
  clicks: 'clickstream',
};

/** What every job has, with the defaults that differ. */
function commonOptions({
  delay,
  batchEvents,
  batchBytes,
}: {
  delay: string;
  batchEvents: number;
  batchBytes: number;
}) {
  return {
    topic: z
      .string()
      .regex(/^[\w.-]{1,249}$/, {
        error: "expected a Kafka topic's name: at most 249 letters, digits, '.', '_' and '-'",
      })
      .optional(),
    delay: durationOption(0).prefault(delay),
    futureGuard: durationOption(0).prefault('5m'),
    idle: z.enum(['on', 'off']).default('on'),
    idleAfter: durationOption(1).prefault('30s'),
    onDataLoss: z.enum(['fail', 'skip']).default('fail'),
    maxRejected: z.number().min(0).max(1).default(0.1),
    maxBatchEvents: z.int().min(1).max(100_000).default(batchEvents),
    maxBatchBytes: z.int().min(1000).max(1_000_000).default(batchBytes),
    linger: durationOption(0).prefault('1s'),
  };
}

const hits = z
  .strictObject({
    pipeline: z.literal('hits'),
    size: durationOption(1).prefault('5m'),
    slide: durationOption(1).optional(),
    offset: durationOption(-LONGEST_MS).prefault('0ms'),
    // However many events there are, there are not many counts: fewer batches, less for Temporal to do.
    ...commonOptions({ delay: '1m', batchEvents: 100_000, batchBytes: 256_000 }),
  })
  .refine(({ size, slide }) => size / (slide ?? size) <= MOST_WINDOWS, {
    path: ['slide'],
    when: ({ value }) => hasWindows(value), // also where something else is wrong: all mistakes are named at once
    error: `an instant would be in more than ${MOST_WINDOWS} windows: size / slide is too large`,
  })
  .transform(({ size, slide, offset, ...rest }) => ({
    ...inMs(rest),
    sizeMs: size,
    slideMs: slide ?? size,
    offsetMs: offset,
  }));

const sessions = z
  .strictObject({
    pipeline: z.literal('sessions'),
    gap: durationOption(1).prefault('5m'),
    time: z.enum(['event_time', 'record']).default('event_time'),
    partitionedBy: z.literal('key', { error: 'expected "key", or nothing' }).nullable().default(null),
    parallelism: z.int().min(1).max(1000).nullable().default(null),
    // Nearly every second event may begin a segment: 25,000 events take some 540 kB.
    ...commonOptions({ delay: '30s', batchEvents: 25_000, batchBytes: 700_000 }),
  })
  .transform(({ gap, ...rest }) => ({ ...inMs(rest), gapMs: gap }));

const clicks = z
  .strictObject({
    pipeline: z.literal('clicks'),
    size: durationOption(1).prefault('5m'),
    gap: durationOption(1).prefault('5m'),
    dedupeWithin: z
      .preprocess((value) => (value === '0' || value === 0 ? '0ms' : value), durationOption(0))
      .prefault('1m'),
    partitionedBy: z.literal('key', { error: 'expected "key", or nothing' }).nullable().default(null),
    parallelism: z.int().min(1).max(1000).nullable().default(null),
    // A click takes some 40 bytes, and names that repeat: 25,000 fit.
    ...commonOptions({ delay: '1m', batchEvents: 25_000, batchBytes: 1_000_000 }),
  })
  .transform(({ size, gap, dedupeWithin, ...rest }) => ({
    ...inMs(rest),
    sizeMs: size,
    gapMs: gap,
    dedupeWithinMs: dedupeWithin,
  }));

const schemas = { hits, sessions, clicks };

/** Options by the names that a job has for them. */
function inMs<T extends { delay: number; futureGuard: number; idleAfter: number; linger: number }>({
  delay,
  futureGuard,
  idleAfter,
  linger,
  ...rest
}: T) {
  return { ...rest, delayMs: delay, futureGuardMs: futureGuard, idleAfterMs: idleAfter, lingerMs: linger };
}

function hasWindows(value: unknown): boolean {
  const { size, slide = size } = (value ?? {}) as Record<string, unknown>;
  return typeof size === 'number' && typeof slide === 'number' && slide > 0;
}

/** Problems of an input, all of them. */
export class BadJobInput extends Error {
  readonly problems: string[];

  constructor(problems: string[]) {
    super(`The job's input is not right:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'BadJobInput';
    this.problems = problems;
  }
}

/**
 * The job that `input` describes; where it names no topic, `defaultTopic`, else that of its pipeline. Throws {@link BadJobInput} with every
 * problem at once.
 */
export function parseJobInput(input: unknown, defaultTopic: string | null): Job {
  const pipeline = pipelineOf(input);
  // What else is wrong is said by the rules of hits.
  const result = schemas[pipeline ?? 'hits'].safeParse(input);
  if (!result.success) throw new BadJobInput(problemsOf(result.error, pipeline));
  const { topic, ...rest } = result.data;
  return { ...rest, topic: topic ?? defaultTopic ?? DEFAULT_TOPICS[rest.pipeline] };
}

export const PIPELINES = Object.keys(schemas) as Pipeline[];

function pipelineOf(input: unknown): Pipeline | undefined {
  const { pipeline } = (input ?? {}) as { pipeline?: unknown };
  return PIPELINES.find((each) => each === pipeline);
}

function problemsOf({ issues }: z.ZodError, pipeline: Pipeline | undefined): string[] {
  return issues.map(({ path, message }) => {
    if (path[0] === 'pipeline' && pipeline === undefined)
      return `pipeline: expected ${PIPELINES.map((each) => `"${each}"`).join(' or ')}`;
    return path.length ? `${path.join('.')}: ${message}` : message;
  });
}
