import { createReadStream } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { Command } from 'commander';
import { importLog, type ImportCounts } from './import/importLog.js';
import { CHUNK_BYTES } from './import/lines.js';
import { kafkaConfig } from './kafkaConfig.js';
import { OptionReader } from './options.js';
import { linesOutput, thenClosed, topicOutput } from './output.js';
import { formatCount, progressEvery } from './progress.js';

interface Options {
  topic?: string;
  host?: string;
  partitions?: string;
  stdout?: true;
}

const HELP = `
FILE is an access log of Apache or nginx ("combined" or "common", also with vhost:port in front), plain or gzip; - is standard input.

Each line becomes an event {url, referrer, user_agent, host, ip, event_time, method, status, bytes}, keyed by ip. A line that cannot be
read, such as one that was cut off, is sent as it is, without a key, and ends in weir.rejected. Kafka stamps the records with the time of
the import. Importing a file twice doubles its events.

Kafka's address is taken from KAFKA_URL (default localhost:9093).`;

/** `weir import FILE --topic T`: an access log to events in Kafka. */
export function importCommand(): Command {
  return new Command('import')
    .description(
      'Sends the requests of an access log to a Kafka topic, as events for the hits and sessions pipelines.',
    )
    .usage('FILE --topic T [options]')
    .argument('[file]')
    .option('--topic <name>', 'the topic; made when absent, never altered or deleted')
    .option(
      '--partitions <n>',
      'partitions of the topic; one that exists must have as many (default: 1 for a new topic)',
    )
    .option('--host <name>', 'host of the requests, for logs that do not name it')
    .option('--stdout', 'print the events, one a line, instead of sending them')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(file: string | undefined, options: Options): Promise<void> {
  const read = new OptionReader();
  if (file === undefined) read.problem('FILE is missing: an access log, or - for standard input');
  else if (file !== '-') {
    await access(file, constants.R_OK).catch(() => read.problem(`FILE ${file}: cannot be read`));
  }
  const topic = read.topic('--topic', options.topic);
  if (options.topic === undefined && options.stdout === undefined)
    read.problem('--topic is missing (or --stdout)');
  const partitions = read.integer('--partitions', options.partitions);
  const kafka = options.stdout ? undefined : kafkaConfig(read);
  read.finish();

  const note = (line: string): void => console.error(line);
  const output = options.stdout
    ? linesOutput(process.stdout)
    : await topicOutput({ kafka: kafka!, topic: topic!, partitions, eventStamps: false, note });
  const progress = progressEvery(note);
  const source = file === '-' ? process.stdin : createReadStream(file!, { highWaterMark: CHUNK_BYTES });
  const onProgress = ({ lines }: ImportCounts): void => progress(lines, 'lines');
  const counts = await thenClosed(output, () =>
    importLog({ source, output, host: options.host ?? null, onProgress }),
  );
  note(summary(counts));
}

function summary({ lines, events, cutOff }: ImportCounts): string {
  return `${formatCount(lines)} lines, ${formatCount(events)} events, ${formatCount(cutOff)} cut-off`;
}
