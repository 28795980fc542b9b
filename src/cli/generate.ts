import { Command } from 'commander';
import { sendTraffic, type TrafficCounts } from './generate/sendTraffic.js';
import { generateTraffic } from './generate/traffic.js';
import { planTraffic, type TrafficTexts } from './generate/trafficOptions.js';
import { PIPELINES } from '../pipelines/jobInput.js';
import { kafkaConfig } from './kafkaConfig.js';
import { OptionReader } from './options.js';
import { linesOutput, thenClosed, topicOutput } from './output.js';
import { formatCount, progressEvery } from './progress.js';

interface Options extends TrafficTexts {
  topic?: string;
  partitions?: string;
  stdout?: true;
}

const HELP = `
Events are {url, referrer, user_agent, host, ip, headers, event_time, user_id}, about 320 bytes each; with --pipeline clicks, {key,
click_data, geo_data, user_agent_data}, about 270 bytes. The same options with the same seed and a fixed --start give the same bytes. With
--rate alone, event time is the wall clock. Otherwise it runs at --event-rate (default: the pace of --rate, else 50 a second) from --start
(default: so that the last event is of now).

Kafka's address is taken from KAFKA_URL (default localhost:9093). Without an end, Ctrl-C ends it.

Examples:
  weir generate --topic web --rate 200/s
  weir generate --topic web --events 100000 --partitions 4 --late 0.01 --malformed 0.001
  weir generate --topic clickstream --pipeline clicks --rate 200/s --duplicates 0.01
  weir generate --stdout --events 1000 --seed 7 --start 2026-01-01T00:00:00Z`;

/** `weir generate`: made-up traffic to Kafka or standard output. */
export function generateCommand(): Command {
  return new Command('generate')
    .description(
      'Sends made-up but realistic web traffic to a Kafka topic, for the hits and sessions pipelines, or clicks.',
    )
    .usage('--topic T (--events N | --rate N/s) [options]')
    .option(
      '--pipeline <name>',
      `whose events: ${PIPELINES.join(', ')} (default: those of hits and sessions)`,
    )
    .option('--topic <name>', 'the topic; made when absent, never altered or deleted')
    .option(
      '--partitions <n>',
      'partitions of the topic; one that exists must have as many (default: 1 for a new topic)',
    )
    .option('--events <n>', 'how many records, of all kinds together (default: no end, with --rate)')
    .option('--rate <n/s>', 'pace by the wall clock (default: as fast as possible)')
    .option('--event-rate <n/s>', 'events per second of event time')
    .option('--start <time>', "event time of the first event: ISO-8601, now, '5m ago'")
    .option('--disorder <duration>', 'events lie up to this far back from their place (default: 45s)')
    .option('--late <share>', 'share of events that lie a good deal further back (default: 0)')
    .option('--lateness <duration>', 'how much further back those lie (default: 10m)')
    .option(
      '--malformed <share>',
      'share of records that the hits pipeline rejects; sessions take those of which only the referrer is wrong (default: 0)',
    )
    .option('--duplicates <share>', 'share of records that repeat a recent one (default: 0)')
    .option('--seed <n>', 'the same seed makes the same traffic (default: 1)')
    .option('--key <ip|user|none>', 'key of the records (default: ip, user for clicks)')
    .option('--hosts <n>', 'how many hosts (default: 1, www.example.com)')
    .option('--countries <n>', 'clicks: from how many countries (default: 30)')
    .option(
      '--visits',
      'sessions with a shape: visits of several events, logins in the middle, robots, private and IPv6 addresses',
    )
    .option(
      '--record-time <kafka|event>',
      'stamp of the records; with event, a new topic keeps them for ever (default: kafka)',
    )
    .option('--stdout', 'print the events, one a line, instead of sending them')
    .addHelpText('after', HELP)
    .action(run);
}

async function run(options: Options): Promise<void> {
  const read = new OptionReader();
  const topic = read.topic('--topic', options.topic);
  if (options.topic === undefined && options.stdout === undefined)
    read.problem('--topic is missing (or --stdout)');
  const partitions = read.integer('--partitions', options.partitions);
  const { traffic, ratePerSecond } = planTraffic(options, read, Date.now());
  const kafka = options.stdout ? undefined : kafkaConfig(read);
  read.finish();

  const note = (line: string): void => console.error(line);
  const eventStamps = traffic.recordTime === 'event';
  const output = options.stdout
    ? linesOutput(process.stdout)
    : await topicOutput({ kafka: kafka!, topic: topic!, partitions, eventStamps, note });
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const progress = progressEvery(note);
  const counts = await thenClosed(output, () =>
    sendTraffic({
      records: generateTraffic(traffic),
      output,
      ratePerSecond,
      stop: stop.signal,
      onProgress: ({ total }) => progress(total, 'records'),
    }),
  );
  note(summary(counts));
}

function summary({ total, late, malformed, duplicate }: TrafficCounts): string {
  const [all, ...kinds] = [total, late, malformed, duplicate].map(formatCount);
  return `${all!} records, of these ${kinds[0]!} late, ${kinds[1]!} malformed, ${kinds[2]!} duplicates`;
}
