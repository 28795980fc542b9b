/** How Kafka is reached, with TLS and SASL where that is asked for. */
import { readFileSync } from 'node:fs';
import { createSecureContext, type ConnectionOptions } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { parseBrokers, type KafkaConfig } from '../io/kafka/config.js';

type Environment = Record<string, string | undefined>;
type Attempt = <T>(name: string, read: () => T) => T;

const MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
/** Any of them turns TLS on. */
const TLS_SETTINGS = ['KAFKA_SSL_CA_FILE', 'KAFKA_SSL_CERT_FILE', 'KAFKA_SSL_KEY_FILE'] as const;

/** `attempt` runs a reader and notes what is wrong with its variable. */
export function kafkaConfig(env: Environment, url: string, attempt: Attempt): KafkaConfig {
  const brokers = attempt('KAFKA_URL', () => parseBrokers(url));
  const ssl = tlsOf(env, attempt);
  const sasl = saslOf(env, attempt);
  attempt('KAFKA_SSL', () => {
    const asked = env['KAFKA_SSL'];
    if (asked === 'false' && ssl !== null)
      throw new Error('is false, and files for TLS are given: unset one or the other');
    if (sasl !== null && ssl === null && !asked)
      throw new Error(
        'set it to true; or to false, to send the password over a connection that is not encrypted',
      );
  });
  return {
    brokers,
    clientId: 'weir',
    ...(ssl === null ? {} : { ssl }),
    ...(sasl === null ? {} : { sasl }),
  };
}

function tlsOf(env: Environment, attempt: Attempt): true | ConnectionOptions | null {
  const asked = attempt('KAFKA_SSL', () => trueOrFalse(env['KAFKA_SSL']));
  const [ca, cert, key] = TLS_SETTINGS.map((name) =>
    attempt(name, () => (env[name] ? readPem(env[name]) : null)),
  ) as [string | null, string | null, string | null];
  const passphrase = env['KAFKA_SSL_KEY_PASSWORD'] || null;
  attempt('KAFKA_SSL_CA_FILE', () => checkCertificates(ca));
  attempt('KAFKA_SSL_CERT_FILE', () => {
    if ((cert === null) !== (key === null))
      throw new Error('goes together with KAFKA_SSL_KEY_FILE: give both, or neither');
    checkCertificates(cert);
  });
  const files = {
    ...(ca ? { ca } : {}),
    ...(cert && key ? { cert, key } : {}),
    ...(passphrase === null ? {} : { passphrase }),
  };
  attempt('KAFKA_SSL_KEY_FILE', () => checkKey(files));
  if (ca !== null || cert !== null || key !== null) return files;
  return asked === true ? true : null;
}

function saslOf(env: Environment, attempt: Attempt): NonNullable<KafkaConfig['sasl']> | null {
  const [username, password] = [env['KAFKA_SASL_USERNAME'] || null, env['KAFKA_SASL_PASSWORD'] || null];
  const mechanism = attempt('KAFKA_SASL_MECHANISM', () => {
    const asked = env['KAFKA_SASL_MECHANISM'] || null;
    const found = MECHANISMS.find((each) => each === (asked ?? 'plain').toLowerCase());
    if (found === undefined) throw new Error(`"${asked}" is not one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512`);
    if (asked !== null && username === null) throw new Error('goes together with KAFKA_SASL_USERNAME');
    return found;
  });
  attempt('KAFKA_SASL_PASSWORD', () => {
    if ((username === null) !== (password === null))
      throw new Error('goes together with KAFKA_SASL_USERNAME: give both, or neither');
  });
  if (username === null || password === null) return null;
  return { mechanism, username, password } as NonNullable<KafkaConfig['sasl']>;
}

function trueOrFalse(text: string | undefined): boolean | null {
  if (!text) return null;
  if (text !== 'true' && text !== 'false') throw new Error(`"${text}" is neither true nor false`);
  return text === 'true';
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`${path} ${code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`}`, {
      cause: error,
    });
  }
}

/** Node takes a file that holds none without a word, and trusts nobody then. */
function checkCertificates(pem: string | null): void {
  if (!pem) return; // none, or it could not be read
  try {
    void new X509Certificate(pem);
  } catch (error) {
    throw new Error('holds no certificate in PEM form', { cause: error });
  }
}

function checkKey(files: { cert?: string; key?: string; passphrase?: string }): void {
  if (files.key === undefined) return;
  try {
    createSecureContext(files);
  } catch (error) {
    throw new Error(
      `is not the key of KAFKA_SSL_CERT_FILE in PEM form, or KAFKA_SSL_KEY_PASSWORD is another one (${(error as Error).message})`,
      { cause: error },
    );
  }
}
