/** A job whose worker reaches every server over TLS: Kafka and Postgres by password, Temporal by API key or certificate. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthority, type Authority } from '../support/certificates.js';
import { secureKafka } from '../support/secureKafka.js';
import { securePostgres } from '../support/securePostgres.js';
import { secureTemporal, type SecureTemporal } from '../support/secureTemporal.js';
import { environment, startTestStack, type TestStack } from '../support/stack.js';
import { hit, uniqueName, Weir } from '../support/weir.js';

const FIRST = Date.UTC(2026, 0, 1);

describe('over TLS everywhere', () => {
  let authority: Authority;
  let stack: TestStack;
  let byKey: SecureTemporal;
  let byCertificate: SecureTemporal;
  let weir: Weir;
  beforeAll(async () => {
    authority = createAuthority();
    const { options, listeners } = await secureKafka(authority);
    stack = await startTestStack(`secure-${process.pid}`, { env: environment(), kafka: options });
    await securePostgres(stack.postgres.address, authority);
    byKey = await secureTemporal(stack.temporal.address, authority, { apiKey: 'open sesame' });
    byCertificate = await secureTemporal(stack.temporal.address, authority, { apiKey: null });
    weir = await Weir.on({
      kafkaUrl: stack.kafka.address,
      temporalAddress: stack.temporal.address,
      postgresUrl: stack.postgres.address,
    });
    const { port } = new URL(stack.postgres.address);
    // The test looks at the servers without TLS; its workers do not.
    Object.assign(weir.env, {
      KAFKA_URL: listeners.sasl,
      KAFKA_SSL_CA_FILE: authority.ca,
      KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
      KAFKA_SASL_USERNAME: 'alice',
      KAFKA_SASL_PASSWORD: 'wonderland',
      POSTGRES_URL: `postgres://localhost:${port}/weir?sslmode=verify-full&sslrootcert=${authority.ca}`,
      POSTGRES_USER: 'by_password',
      POSTGRES_PASSWORD: 'wonderland',
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: authority.ca,
    });
  });
  afterAll(async () => {
    await weir.close();
    await byKey.close();
    await byCertificate.close();
    await stack.remove();
    authority.remove();
  });

  const reachBy = (settings: Record<string, string>): void => {
    const none = {
      TEMPORAL_API_KEY: '',
      TEMPORAL_TLS_CLIENT_CERT_PATH: '',
      TEMPORAL_TLS_CLIENT_KEY_PATH: '',
    };
    Object.assign(weir.env, none, settings);
  };

  it.each([
    {
      what: 'an API key',
      settings: () => ({ TEMPORAL_ADDRESS: byKey.address, TEMPORAL_API_KEY: 'open sesame' }),
    },
    {
      what: 'a certificate',
      settings: () => {
        const { cert, key } = authority.issue('worker');
        const files = { TEMPORAL_TLS_CLIENT_CERT_PATH: cert, TEMPORAL_TLS_CLIENT_KEY_PATH: key };
        return { TEMPORAL_ADDRESS: byCertificate.address, ...files };
      },
    },
  ])('a worker that shows Temporal $what regroups, writes and drains', async ({ settings }) => {
    reachBy(settings());
    await weir.startWorker();
    const records = Array.from({ length: 100 }, (_, i) => hit({ time: FIRST + i * 1000 }));
    const topic = await weir.topic(2, records);
    const name = uniqueName('sessions');
    await weir.start(name, { pipeline: 'sessions', topic, idle: 'off' });
    await weir.drain(name);
    const { rows } = await weir.pool.query('select event_count from user_sessions where job = $1', [name]);
    expect(rows).toEqual([{ event_count: 100 }]);
    expect(await weir.weir('status', name)).toContain('target-0');
    await weir.stopWorker();
  });
});
