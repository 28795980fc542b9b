/** The input of a job as a person writes it, checked: `{"pipeline":"hits","topic":"web_traffic_topic","size":"5m"}`. */
import * as z from 'zod';
import { formatDuration, parseDuration } from '../domain/duration.js';
import type { Job } from './job.js';

/** Windows of one instant at most: each record is counted in as many. */
const MOST_WINDOWS = 1000;

/** Ten years: sums with event times stay within what a database can hold. */
const LONGEST_MS = 3650 * 24 * 3_600_000;

const durationError = 'expected a duration such as "5m", "30s", "250ms" or "1h"';

function duration(min: number) {
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

function windowOptions() {
  return {
    size: duration(1).prefault('5m'),
    slide: duration(1).optional(),
    offset: duration(-LONGEST_MS).prefault('0ms'),
    delay: duration(0).prefault('1m'),
  };
}

const schema = z
  .strictObject({
    pipeline: z.literal('hits', { error: 'expected "hits"' }),
    topic: z
      .string()
      .regex(/^[\w.-]{1,249}$/, {
        error: "expected a Kafka topic's name: at most 249 letters, digits, '.', '_' and '-'",
      })
      .optional(),
    ...windowOptions(),
    futureGuard: duration(0).prefault('5m'),
    idle: z.enum(['on', 'off']).default('on'),
    idleAfter: duration(1).prefault('30s'),
    onDataLoss: z.enum(['fail', 'skip']).default('fail'),
    maxBatchEvents: z.int().min(1).max(100_000).default(25_000),
    maxBatchBytes: z.int().min(1000).max(1_000_000).default(256_000),
    linger: duration(0).prefault('1s'),
  })
  .refine(({ size, slide }) => size / (slide ?? size) <= MOST_WINDOWS, {
    path: ['slide'],
    when: ({ value }) => hasWindows(value), // also where something else is wrong: all mistakes are named at once
    error: `an instant would be in more than ${MOST_WINDOWS} windows: size / slide is too large`,
  });

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

/** The job that `input` describes; where it names no topic, `defaultTopic`. Throws {@link BadJobInput} with every problem at once. */
export function parseJobInput(input: unknown, defaultTopic: string): Job {
  const result = schema.safeParse(input);
  if (!result.success) {
    throw new BadJobInput(
      result.error.issues.map(({ path, message }) =>
        path.length ? `${path.join('.')}: ${message}` : message,
      ),
    );
  }
  const { pipeline, topic, size, slide, offset, delay, futureGuard, idleAfter, linger, ...rest } =
    result.data;
  return {
    pipeline,
    topic: topic ?? defaultTopic,
    sizeMs: size,
    slideMs: slide ?? size,
    offsetMs: offset,
    delayMs: delay,
    futureGuardMs: futureGuard,
    idleAfterMs: idleAfter,
    lingerMs: linger,
    ...rest,
  };
}
