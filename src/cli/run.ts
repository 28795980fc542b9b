import { once } from 'node:events';
import { access, constants, stat } from 'node:fs/promises';
import { Command } from 'commander';
import type { Counters } from '../domain/accounting.js';
import { publicAddress } from '../io/geo/addresses.js';
import { openMmdb } from '../io/geo/mmdb.js';
import type { Place } from '../io/geo/place.js';
import { createAgentReader } from '../io/userAgent/readAgent.js';
import type { Job } from '../pipelines/job.js';
import { BadJobInput, parseJobInput, PIPELINES } from '../pipelines/jobInput.js';
import { keysAreApart } from '../pipelines/keysTogether.js';
import { loadConfig } from '../worker/config.js';
import { OptionReader, UsageError } from './options.js';
import { formatCount } from './progress.js';
import { openOnce, openRereadable, textLines } from './run/input.js';
import { type FileRun, JobRun, type RunDependencies } from './run/jobRun.js';
import { jsonRecord, partitionsIn, valueRecord } from './run/logRecord.js';
import { outputLines } from './run/outputLines.js';
import { RegroupedRun } from './run/regroupedRun.js';

interface Options {
  pipeline?: string;
  input?: string;
  size?: string;
  slide?: string;
  offset?: string;
  delay?: string;
  gap?: string;
  time?: string;
  dedupeWithin?: string;
  partitionedBy?: string;
  location?: true;
  partitions?: string;
  records?: true;
  trace?: true;
  flush: boolean;
}

/** More than any topic has; each takes some memory. */
const MOST_PARTITIONS = 100_000;
/** A write to standard output is about this long. */
const WRITE_CHARS = 65_536;

const HELP = `
Reads one event a line, as the records of a topic with one partition, in the order of the file. With --records a line is a record:
  {"partition": 0, "offset": 17, "timestamp": 1431857103000, "key": null, "value": "{\\"event_time\\": …}"}

Prints hits once the watermarks of all partitions have passed the end of the window, clicks once they have passed the end of the bucket by
the gap, and a session once that of all, or with --partitioned-by key that of its partition, has passed its end; the end of input makes all
the rest final. With --trace it says after which line of the input that was, and at last how many records were accepted, duplicates, late
and rejected.

Examples:
  weir import access.log --host www.example.com --stdout | weir run --pipeline hits --input -
  weir generate --stdout --events 100000 | weir run --pipeline hits --input - --size 1m --delay 10s --trace
  weir run --pipeline hits --input events.jsonl --size 10m --slide 5m --offset=-90s
  weir run --pipeline sessions --input events.jsonl --gap 30m
  weir generate --pipeline clicks --stdout --events 10000 | weir run --pipeline clicks --input - --dedupe-within 5m`;

/** `weir run`: a pipeline over a file, without any server. */
export function runCommand(): Command {
  return new Command('run')
    .description(
      'Runs a pipeline over a file of events and prints the rows, without Kafka, Temporal or Postgres.',
    )
    .usage('--pipeline hits|sessions|clicks --input FILE [options]')
    .option('--pipeline <name>', `which pipeline: ${PIPELINES.join(', ')}`)
    .option('--input <file>', 'the events, one a line; - is standard input')
    .option('--size <duration>', 'hits: size of a window; clicks: length of a bucket (default: 5m)')
    .option('--slide <duration>', 'hits: from the start of a window to that of the next (default: the size)')
    .option(
      '--offset <duration>',
      'hits: starts of windows are this much after the full slide; may be negative (default: 0ms)',
    )
    .option(
      '--gap <duration>',
      'sessions: end after this long without an event; clicks: the longest time spent on one (default: 5m)',
    )
    .option(
      '--dedupe-within <duration>',
      'clicks: copies of an event this close to each other count once; 0: all count (default: 1m)',
    )
    .option(
      '--time <event_time|record>',
      "sessions: the event's time or that of the Kafka record (default: event_time)",
    )
    .option('--location', 'look addresses up in the database that GEOIP_MMDB names (default: off)')
    .option(
      '--partitioned-by <key>',
      'sessions, clicks: key, where all records of a visitor are in one partition',
    )
    .option(
      '--delay <duration>',
      'the watermark is this much behind the latest event (default: 1m, 30s for sessions)',
    )
    .option('--records', 'a line is a Kafka record, of any partition, instead of its value')
    .option(
      '--partitions <n>',
      'partitions of the topic, also where the input has nothing of some (default: those of the input)',
    )
    .option('--trace', 'say with each row when it became final, and print a summary')
    .option('--no-flush', 'print only what is final before the end of input')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(options: Options): Promise<void> {
  const read = new OptionReader();
  const job = readJob(options, read);
  if (options.time === 'record' && !options.records)
    read.problem('--time record: needs --records, since only a record has a time of its own');
  const path = await readPath(options.input, read);
  const atLeast = read.integer('--partitions', options.partitions) ?? 0;
  if (atLeast > MOST_PARTITIONS)
    read.problem(`--partitions ${atLeast}: at most ${formatCount(MOST_PARTITIONS)}`);
  read.finish();

  const { records = false, trace = false, flush } = options;
  const input = records ? await openRereadable(path!) : openOnce(path!);
  try {
    const partitions = records ? await partitionsIn(textLines(input.read())) : new Set([0]);
    for (let number = 0; number < atLeast; number++) partitions.add(number);
    const placeOf = options.location ? await openPlaces() : () => null;
    const jobRun = runOf(job!, partitions, {
      readAgent: createAgentReader(),
      placeOf,
      countryOf: (ip) => placeOf(ip)?.country ?? null,
    });
    const toRecord = records ? jsonRecord : valueRecord;
    for await (const lines of outputLines(textLines(input.read()), { run: jobRun, toRecord, trace, flush })) {
      await print(lines);
    }
    if (!trace) console.error(summary(jobRun.counters()));
  } finally {
    await input.close();
  }
}

function runOf(job: Job, partitions: ReadonlySet<number>, dependencies: RunDependencies): FileRun {
  return keysAreApart(job, partitions.size)
    ? new RegroupedRun(job, partitions, dependencies)
    : new JobRun(job, partitions, dependencies);
}

function readJob(options: Options, read: OptionReader): Job | undefined {
  const { pipeline, size, slide, offset, delay, gap, time, dedupeWithin, partitionedBy } = options;
  if (pipeline === undefined) read.problem(`--pipeline is missing: ${PIPELINES.join(' or ')}`);
  const known = read.oneOf('--pipeline', pipeline, PIPELINES) ?? PIPELINES[0];
  const fields = { size, slide, offset, delay, gap, time, dedupeWithin, partitionedBy };
  const given = Object.entries(fields).filter(([, text]) => text !== undefined);
  try {
    return parseJobInput({ pipeline: known, ...Object.fromEntries(given) }, 'none');
  } catch (error) {
    if (!(error instanceof BadJobInput)) throw error;
    for (const problem of error.problems) read.problem(optionNamed(problem));
    return undefined;
  }
}

/** Where an address is, by the databases of GEOIP_MMDB alone. */
async function openPlaces(): Promise<(ip: string) => Place | null> {
  const { mmdb: paths } = loadConfig(process.env).geo;
  if (paths.length === 0) throw new UsageError(['--location: GEOIP_MMDB names no database']);
  const mmdb = await openMmdb(paths, { warn: (line) => console.error(line) });
  return (ip) => {
    const address = publicAddress(ip);
    return address === null ? null : mmdb.lookUp(address);
  };
}

/** A problem of a job's input, with the name that the field has as an option. */
function optionNamed(problem: string): string {
  return problem.startsWith('Unrecognized')
    ? problem
    : `--${problem.replace(/^(partitionedBy|dedupeWithin)/, kebab)}`;
}

function kebab(field: string): string {
  return field.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

async function readPath(path: string | undefined, read: OptionReader): Promise<string | undefined> {
  if (path === undefined) read.problem('--input is missing: a file, or - for standard input');
  else if (path !== '-') {
    try {
      await access(path, constants.R_OK);
      if ((await stat(path)).isDirectory()) read.problem(`--input ${path}: is a folder`);
    } catch {
      read.problem(`--input ${path}: cannot be read`);
    }
  }
  return path;
}

async function print(lines: Iterable<string>): Promise<void> {
  let text = '';
  for (const line of lines) {
    text += `${line}\n`;
    if (text.length < WRITE_CHARS) continue;
    await write(text);
    text = '';
  }
  if (text !== '') await write(text);
}

async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}

function summary({ read, accepted, duplicate, late, rejected }: Counters): string {
  const kinds = [`${formatCount(accepted)} accepted`];
  if (duplicate > 0) kinds.push(`${formatCount(duplicate)} duplicate`);
  kinds.push(`${formatCount(late)} late`, `${formatCount(rejected)} rejected`);
  return `${formatCount(read)} read, of these ${kinds.join(', ')}`;
}
