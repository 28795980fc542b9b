/** What a broker and we disagree on before the first question: certificates, TLS, passwords. */

/** A sentence about the broker, with the settings that are concerned, where TLS or SASL is at fault; null where it is something else. */
export function refusalOf(error: unknown): string | null {
  const { name, type, message = '', cause, retryCount } = error as Refusal;
  if (retryCount !== undefined) return refusalOf(cause); // what kafkajs gives up on
  if (name === 'KafkaJSSASLAuthenticationError')
    return `it refuses KAFKA_SASL_USERNAME or KAFKA_SASL_PASSWORD (${message.trim()})`;
  if (type === 'ILLEGAL_SASL_STATE')
    return 'it wants no password at that port, and KAFKA_SASL_USERNAME is set';
  if (type === 'CLUSTER_AUTHORIZATION_FAILED')
    return 'its user may not write idempotently: before Kafka 2.8 that needs the right IdempotentWrite on the cluster';
  if (name === 'KafkaJSConnectionClosedError') return CLOSED;
  if (name !== 'KafkaJSConnectionError') return null;
  const reason = message.replace('Connection error: ', '').trim();
  // Before the next: alerts of the other side name certificates, too.
  if (WANTS_CERTIFICATE.test(reason))
    return 'it does not take our certificate, or the lack of one: KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE';
  if (UNTRUSTED.test(reason)) return `its certificate is not trusted (${reason}): KAFKA_SSL_CA_FILE`;
  if (RESET.test(reason)) return CLOSED;
  return NO_TLS.test(reason) ? 'it does not speak TLS at that port: KAFKA_SSL' : null;
}

interface Refusal {
  name?: string;
  type?: string;
  message?: string;
  cause?: unknown;
  retryCount?: number;
}

const CLOSED =
  'it has closed the connection, as one does that stops, or that wants TLS, a certificate or a password ' +
  '(KAFKA_SSL, KAFKA_SSL_CERT_FILE, KAFKA_SASL_USERNAME)';

/** OpenSSL's words: a chain that ends nowhere, a time that is over, another name. */
const UNTRUSTED = /certificate|altnames/i;
const WANTS_CERTIFICATE = /alert (?:bad certificate|certificate|unknown ca)/;
const RESET = /ECONNRESET|EPIPE/;
const NO_TLS = /before secure TLS connection|wrong version number/;
