/** Brokers that ask for TLS and passwords, with the settings of the environment that people give. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KafkaConfig } from '../../../src/io/kafka/config.js';
import { ensureTopic } from '../../../src/io/kafka/createTopic.js';
import { deleteRecordsBelow } from '../../../src/io/kafka/internalTopic.js';
import { createKafkaReader } from '../../../src/io/kafka/kafkaReader.js';
import { KafkaRefused, KafkaUnavailable } from '../../../src/io/kafka/logReader.js';
import { createPublisher } from '../../../src/io/kafka/publisher.js';
import { createTopicAdmin } from '../../../src/io/kafka/topics.js';
import { openWriter } from '../../../src/io/kafka/writer.js';
import { loadConfig } from '../../../src/worker/config.js';
import { createAuthority, type Authority } from '../../support/certificates.js';
import { readTo } from '../../support/kafkaRead.js';
import { secureKafka, type SecureListeners } from '../../support/secureKafka.js';
import { environment, sharedStack, startTestStack, type TestStack } from '../../support/stack.js';
import { uniqueName } from '../../support/weir.js';

let authority: Authority;
let stranger: Authority;
let stack: TestStack;
let at: SecureListeners & { plain: string };
let files: Record<'ca' | 'otherCa' | 'cert' | 'key', string>;
beforeAll(async () => {
  authority = createAuthority();
  stranger = createAuthority();
  const { options, listeners } = await secureKafka(authority);
  const { temporalAddress, postgresUrl } = sharedStack();
  stack = await startTestStack(`secure-kafka-${process.pid}`, {
    env: { ...environment(), TEMPORAL_ADDRESS: temporalAddress, POSTGRES_URL: postgresUrl },
    kafka: options,
  });
  at = { ...listeners, plain: stack.kafka.address };
  const { cert, key } = authority.issue('client');
  files = { ca: authority.ca, otherCa: stranger.ca, cert, key };
});
afterAll(async () => {
  await stack.remove();
  authority.remove();
  stranger.remove();
});

type Listener = keyof typeof at;
/** Of a setting that names a file: which one. */
const kafka = (listener: Listener, settings: Record<string, string>): KafkaConfig =>
  loadConfig({
    KAFKA_URL: at[listener],
    ...Object.fromEntries(
      Object.entries(settings).map(([name, value]) => [
        name,
        name.endsWith('_FILE') ? files[value as keyof typeof files] : value,
      ]),
    ),
  }).kafka;

const CA = { KAFKA_SSL_CA_FILE: 'ca' };
const ALICE = { KAFKA_SASL_USERNAME: 'alice', KAFKA_SASL_PASSWORD: 'wonderland' };
const MUTUAL = { ...CA, KAFKA_SSL_CERT_FILE: 'cert', KAFKA_SSL_KEY_FILE: 'key' };

it.each<{ what: string; listener: Listener; settings: Record<string, string> }>([
  { what: 'TLS', listener: 'tls', settings: CA },
  { what: 'TLS with a certificate of the client', listener: 'mutualTls', settings: MUTUAL },
  { what: 'SASL PLAIN over TLS', listener: 'sasl', settings: { ...CA, ...ALICE } },
  ...['PLAIN', 'SCRAM-SHA-256', 'scram-sha-512'].map((mechanism) => ({
    what: `SASL ${mechanism} over TLS, named`,
    listener: 'sasl' as const,
    settings: { ...CA, ...ALICE, KAFKA_SASL_MECHANISM: mechanism },
  })),
])('$what: topics are made, written, described, read and shortened', async ({ listener, settings }) => {
  const config = kafka(listener, settings);
  const topic = uniqueName('secure');
  expect(await ensureTopic(config, { topic, partitions: 1 })).toEqual({ created: true, partitions: 1 });
  const writer = await openWriter(config, topic);
  await writer.write([{ key: null, value: 'written' }]);
  await writer.close();
  const publisher = createPublisher(config);
  await publisher.publish(topic, [{ partition: 0, value: Buffer.from('published') }]);
  await publisher.close();
  const topics = createTopicAdmin(config);
  const { id: topicId } = (await topics.describe(topic))!;
  const reader = createKafkaReader({ ...config, topic, partition: 0, topicId });
  const { records } = await readTo(reader, { from: 0, to: 2 });
  expect(records.map(({ value }) => value)).toEqual(['written', 'published']);
  await reader.close();
  await deleteRecordsBelow(config, topic, [{ partition: 0, offset: 1 }]);
  expect((await topics.describe(topic))!.partitions).toEqual([
    { partition: 0, startOffset: 1, endOffset: 2 },
  ]);
  await topics.close();
});

/** The words are those of docs/operations.md. */
const REFUSED = String.raw`it refuses KAFKA_SASL_USERNAME or KAFKA_SASL_PASSWORD \(SASL .*\)`;
const CLOSED = String.raw`it has closed the connection, .* wants TLS, a certificate or a password \(KAFKA_SSL, KAFKA_SSL_CERT_FILE, KAFKA_SASL_USERNAME\)`;
const UNTRUSTED = String.raw`its certificate is not trusted \(unable to .* certificate\): KAFKA_SSL_CA_FILE`;

describe.each<{ what: string; listener: Listener; settings: Record<string, string>; says: string }>([
  {
    what: 'a wrong password',
    listener: 'sasl',
    settings: { ...CA, ...ALICE, KAFKA_SASL_PASSWORD: 'x' },
    says: REFUSED,
  },
  {
    what: 'a wrong password, SCRAM',
    listener: 'sasl',
    settings: { ...CA, ...ALICE, KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512', KAFKA_SASL_PASSWORD: 'x' },
    says: REFUSED,
  },
  { what: 'no password where one is wanted', listener: 'sasl', settings: CA, says: CLOSED },
  {
    what: 'a password where none is wanted',
    listener: 'tls',
    settings: { ...CA, ...ALICE },
    says: 'it wants no password at that port, and KAFKA_SASL_USERNAME is set',
  },
  {
    what: 'another authority',
    listener: 'tls',
    settings: { KAFKA_SSL_CA_FILE: 'otherCa' },
    says: UNTRUSTED,
  },
  { what: "the system's authorities", listener: 'tls', settings: { KAFKA_SSL: 'true' }, says: UNTRUSTED },
  {
    what: 'no certificate of the client where one is wanted',
    listener: 'mutualTls',
    settings: CA,
    // The alert may be lost with the connection.
    says: `(?:it does not take our certificate, or the lack of one: KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE|${CLOSED})`,
  },
  { what: 'no TLS where it is wanted', listener: 'tls', settings: {}, says: CLOSED },
  {
    what: 'TLS where there is none',
    listener: 'plain',
    settings: CA,
    says: 'it does not speak TLS at that port: KAFKA_SSL',
  },
])('$what is one plain sentence', ({ listener, settings, says }) => {
  const sentence = async (work: (config: KafkaConfig) => Promise<unknown>): Promise<Error> => {
    const failure = await work(kafka(listener, settings)).then(
      () => null,
      (error: Error) => error,
    );
    expect(failure).not.toBeNull();
    return failure!;
  };

  it('for who reads: refused for good where somebody has to change something', async () => {
    const failure = await sentence(async (config) => {
      const topics = createTopicAdmin(config);
      try {
        await topics.describe('t');
      } finally {
        await topics.close();
      }
    });
    const who = `topic t cannot be described now: broker ${at[listener]}`;
    expect(failure.message).toMatch(new RegExp(`^${who}: ${says}$`));
    // A certificate may be renewed, and a broker that stops closes connections, too.
    const isFinal = says === REFUSED || says.startsWith('it wants no password');
    expect(failure).toBeInstanceOf(isFinal ? KafkaRefused : KafkaUnavailable);
  });

  it('for who writes', async () => {
    const failure = await sentence((config) => ensureTopic(config, { topic: 't', partitions: 1 }));
    expect(failure.message).toMatch(
      new RegExp(`^(Kafka at ${at[listener]}|topic t cannot be made): ${says}$`),
    );
  });
});
