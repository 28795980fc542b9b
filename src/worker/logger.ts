/**
 * The worker's log on stderr, a line for each entry: for people, or as JSON. It takes what the Temporal SDK says, what workflows and activities
 * say, and the worker's own lines.
 */
import { DefaultLogger, type LogEntry } from '@temporalio/worker';
import type { LogMetadata } from '@temporalio/common';
import type { Watch } from '../activities/watch.js';
import type { LogConfig } from './config.js';

/** What the SDK adds to each entry, and people seldom want to read. */
const IN_JSON_ONLY = new Set([
  'namespace',
  'taskQueue',
  'sdkComponent',
  'isLocal',
  'activityId',
  'runId',
  'workflowRunId',
  'workflowType',
  'target',
  'spanContexts',
  'subsystem',
  'taskToken',
]);

export function createLogger(
  { format, level }: LogConfig,
  write: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
): DefaultLogger {
  const lineOf = format === 'json' ? jsonLine : textLine;
  return new DefaultLogger(level, (entry) => write(lineOf(entry)));
}

/** Lines of the worker itself, whatever the level is; text shows them as they are. */
export function ownLines(format: LogConfig['format']): (line: string) => void {
  if (format === 'text') return (line) => process.stderr.write(`${line}\n`);
  const logger = createLogger({ format, level: 'INFO' });
  return (line) => logger.info(line);
}

/** Lines of several workers, each with the worker's number: `[1] …`, and in JSON as they are, where they are JSON. */
export function linesOfWorkers(format: LogConfig['format']): (line: string, number: number) => void {
  if (format === 'text') return (line, number) => process.stderr.write(`[${number}] ${line}\n`);
  const logger = createLogger({ format, level: 'INFO' });
  return (line, worker) => {
    if (line.startsWith('{')) process.stderr.write(`${line}\n`);
    else logger.info(line, { worker });
  };
}

/** Batches and commits, at level `debug`. */
export function createWorkLog(logger: DefaultLogger): Watch {
  return (partition, seen) => {
    switch (seen.what) {
      case 'read': {
        const { what: _, ...fields } = seen;
        return logger.debug('batch read', { ...partition, ...fields });
      }
      case 'committed': {
        const { offset, watermark, rows, reasons, tookMs } = seen;
        return logger.debug('committed', {
          ...partition,
          offset,
          watermark: watermark === null ? null : isoOf(watermark),
          rows,
          rejects: reasons.length,
          tookMs: Math.round(tookMs),
        });
      }
      case 'not committed':
        return logger.debug('not committed', { ...partition, fenced: seen.fenced });
      case 'not read':
      case 'held':
      case 'released':
      case 'fetched':
      case 'standing':
        return undefined;
    }
  };
}

function jsonLine({ level, message, meta, timestampNanos }: LogEntry): string {
  const time = timeOf(timestampNanos);
  return JSON.stringify({ time, level: level.toLowerCase(), message, ...partitionOf(meta), ...plain(meta) });
}

function textLine({ level, message, meta, timestampNanos }: LogEntry): string {
  const fields = Object.entries({ ...plain(meta) })
    .filter(([name, value]) => !IN_JSON_ONLY.has(name) && value !== undefined)
    .map(([name, value]) => ` ${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  return `${timeOf(timestampNanos)} [${level}] ${message}${fields.join('')}`;
}

function timeOf(nanos: bigint): string {
  return isoOf(Number(nanos / 1_000_000n));
}

function isoOf(ms: number): string {
  // Outside of what a Date can be, a number is better than an error in a log.
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms);
}

/** The job and the partition, where only the workflow's id says it. */
function partitionOf(meta: LogMetadata | undefined): LogMetadata {
  const { job, partition, stage } =
    /^(?<job>[^/]+)(\/(?<stage>target-)?(?<partition>\d+))?$/.exec(String(meta?.['workflowId'] ?? ''))
      ?.groups ?? {};
  if (job === undefined) return {};
  if (partition === undefined) return { job };
  return { job, stage: stage === undefined ? 1 : 2, partition: Number(partition) };
}

/** Errors have no JSON of their own. */
function plain(meta: LogMetadata | undefined): LogMetadata {
  if (meta === undefined) return {};
  return Object.fromEntries(
    Object.entries(meta).map(([name, value]) => [
      name,
      value instanceof Error ? messagesOf(value) : simple(value),
    ]),
  );
}

function simple(value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}

/** An error with its causes, in one line. */
function messagesOf(error: Error): string {
  const cause = error.cause instanceof Error ? `: ${messagesOf(error.cause)}` : '';
  return `${error.name}: ${error.message}${cause}`.replaceAll('\n', ' ');
}
