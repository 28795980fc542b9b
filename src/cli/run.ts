import { once } from 'node:events';
import { access, constants, stat } from 'node:fs/promises';
import { Command } from 'commander';
import type { Counters } from '../domain/accounting.js';
import { decoders } from '../pipelines/decoders.js';
import type { Job } from '../pipelines/job.js';
import { BadJobInput, parseJobInput } from '../pipelines/jobInput.js';
import { OptionReader } from './options.js';
import { formatCount } from './progress.js';
import { openOnce, openRereadable, textLines } from './run/input.js';
import { JobRun } from './run/jobRun.js';
import { jsonRecord, partitionsIn, valueRecord } from './run/logRecord.js';
import { outputLines } from './run/outputLines.js';

interface Options {
  pipeline?: string;
  input?: string;
  size?: string;
  slide?: string;
  offset?: string;
  delay?: string;
  partitions?: string;
  records?: true;
  trace?: true;
  flush: boolean;
}

const PIPELINES = Object.keys(decoders) as Job['pipeline'][];
/** More than any topic has; each takes some memory. */
const MOST_PARTITIONS = 100_000;
/** A write to standard output is about this long. */
const WRITE_CHARS = 65_536;

const HELP = `
Reads one event a line, as the records of a topic with one partition, in the order of the file. With --records a line is a record:
  {"partition": 0, "offset": 17, "timestamp": 1431857103000, "key": null, "value": "{\\"event_time\\": …}"}

Prints a row once the watermarks of all partitions have passed its end; the end of input makes all the rest final. With --trace it says
after which line of the input that was, and at last how many records were accepted, late and rejected.

Examples:
  weir import access.log --host www.example.com --stdout | weir run --pipeline hits --input -
  weir generate --stdout --events 100000 | weir run --pipeline hits --input - --size 1m --delay 10s --trace
  weir run --pipeline hits --input events.jsonl --size 10m --slide 5m --offset=-90s`;

/** `weir run`: a pipeline over a file, without any server. */
export function runCommand(): Command {
  return new Command('run')
    .description(
      'Runs a pipeline over a file of events and prints the rows, without Kafka, Temporal or Postgres.',
    )
    .usage('--pipeline hits --input FILE [options]')
    .option('--pipeline <name>', `which pipeline: ${PIPELINES.join(', ')}`)
    .option('--input <file>', 'the events, one a line; - is standard input')
    .option('--size <duration>', 'size of a window (default: 5m)')
    .option('--slide <duration>', 'from the start of a window to that of the next (default: the size)')
    .option(
      '--offset <duration>',
      'starts of windows are this much after the full slide; may be negative (default: 0ms)',
    )
    .option('--delay <duration>', 'the watermark is this much behind the latest event (default: 1m)')
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
    const jobRun = new JobRun(job!, partitions);
    const toRecord = records ? jsonRecord : valueRecord;
    for await (const lines of outputLines(textLines(input.read()), { run: jobRun, toRecord, trace, flush })) {
      await print(lines);
    }
    if (!trace) console.error(summary(jobRun.counters()));
  } finally {
    await input.close();
  }
}

function readJob({ pipeline, size, slide, offset, delay }: Options, read: OptionReader): Job | undefined {
  if (pipeline === undefined) read.problem(`--pipeline is missing: ${PIPELINES.join(' or ')}`);
  const known = read.oneOf('--pipeline', pipeline, PIPELINES) ?? PIPELINES[0];
  try {
    return parseJobInput({ pipeline: known, size, slide, offset, delay }, 'none');
  } catch (error) {
    if (!(error instanceof BadJobInput)) throw error;
    for (const problem of error.problems) read.problem(`--${problem}`);
    return undefined;
  }
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

function summary({ read, accepted, late, rejected }: Counters): string {
  const [first, ...kinds] = [read, accepted, late, rejected].map(formatCount);
  return `${first!} read, of these ${kinds[0]!} accepted, ${kinds[1]!} late, ${kinds[2]!} rejected`;
}
