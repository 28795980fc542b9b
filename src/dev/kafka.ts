import { randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import kafkajs from 'kafkajs';

import { checkGivenAddress } from './address.js';
import { type StackContext, logFile } from './context.js';
import { exists } from './find.js';
import { locateJava } from './java.js';
import { kafkaLibs, locateKafkaLibs } from './kafkaLibs.js';
import { type Command, runTool } from './process.js';
import { foreignService, type Service, type ServicePlan, startService } from './service.js';

/** What a broker has beside what weir needs. */
export interface KafkaOptions {
  /** Of `server.properties`; they go before what is there. */
  properties?: (ports: StackContext['ports']) => Record<string, string>;
  /** Of the tool that formats the storage: `['--add-scram', …]`. */
  formatArguments?: readonly string[];
}

/** One Apache Kafka broker in KRaft mode, or the one at `KAFKA_URL`. */
export async function planKafka(env: NodeJS.ProcessEnv, options: KafkaOptions): Promise<ServicePlan> {
  const given = env.KAFKA_URL;
  if (given) {
    await checkGivenAddress('KAFKA_URL', given);
    return async () => foreignService('kafka', given);
  }
  const java = await locateJava(env);
  const located = await locateKafkaLibs(env);
  return async (context) => startKafka({ java, libs: await kafkaLibs(located, context), options }, context);
}

async function startKafka(
  found: { java: string; libs: string; options: KafkaOptions },
  context: StackContext,
): Promise<Service> {
  const address = `127.0.0.1:${context.ports.kafka}`;
  const folder = join(context.dataDir, 'kafka');
  const config = join(folder, 'server.properties');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'log4j2.properties'), LOG4J);
  await writeFile(config, brokerProperties(context, join(folder, 'data'), found.options));
  const main = (name: string, args: string[]): Command => ({
    file: found.java,
    args: [
      '-Xms128m',
      '-Xmx512m',
      '-XX:+UseG1GC',
      '-Djava.awt.headless=true',
      `-Dlog4j2.configurationFile=${join(folder, 'log4j2.properties')}`,
      '-cp',
      join(found.libs, '*'),
      name,
      ...args,
    ],
    env: context.env,
    cwd: folder,
  });
  if (!(await exists(join(folder, 'data', 'meta.properties')))) {
    const args = [
      'format',
      '--config',
      config,
      '--cluster-id',
      clusterId(),
      ...(found.options.formatArguments ?? []),
    ];
    await runTool(main('kafka.tools.StorageTool', args), {
      logFile: logFile(context, 'kafka-format'),
      signal: context.signal,
    });
  }
  return startService(
    {
      name: 'kafka',
      address,
      command: main('kafka.Kafka', [config]),
      answers: () => brokerAnswers(address),
      startLimitMs: 60_000,
      stopSignal: 'SIGTERM',
      stopLimitMs: 20_000,
    },
    context,
  );
}

/** Voters are given here and not kept in the log (`--standalone`): so another controller port does not strand the data. */
function brokerProperties(context: StackContext, dataFolder: string, options: KafkaOptions): string {
  const { kafka, kafkaController } = context.ports;
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${kafkaController}`,
    listeners: `PLAINTEXT://127.0.0.1:${kafka},CONTROLLER://127.0.0.1:${kafkaController}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${kafka}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': dataFolder,
    // After a crash the controller takes the broker back only when its old session has run out (9 s by default).
    'broker.session.timeout.ms': 3000,
    'broker.heartbeat.interval.ms': 500,
    'auto.create.topics.enable': false,
    'num.partitions': 1,
    'offsets.topic.num.partitions': 1,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    ...options.properties?.(context.ports),
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${escapeProperty(String(value))}\n`)
    .join('');
}

/** Java reads property files as Latin-1 and takes backslashes as escapes; folder names may hold anything. */
function escapeProperty(value: string): string {
  return value
    .replaceAll('\\', '\\\\')
    .replaceAll(
      /[^\x20-\x7e]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
}

const LOG4J = `status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %p %m (%c{1})%n%throwable{8}
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
logger.server.name = kafka.server
logger.server.level = info
`;

async function brokerAnswers(address: string): Promise<void> {
  const admin = new kafkajs.Kafka({
    clientId: 'weir-stack',
    brokers: [address],
    connectionTimeout: 1000,
    requestTimeout: 2000,
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 0 },
  }).admin();
  try {
    await admin.connect();
    const { brokers } = await admin.describeCluster();
    if (brokers.length === 0) throw new Error('the broker has not joined yet');
  } finally {
    await admin.disconnect();
  }
}

/** 16 random bytes as base64url, but for a leading "-", which the tool would take for an option. */
function clusterId(): string {
  const bytes = randomBytes(16);
  bytes[0]! &= 0x7f;
  return bytes.toString('base64url');
}
