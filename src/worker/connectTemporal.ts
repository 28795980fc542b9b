import { NativeConnection } from '@temporalio/worker';
import type { Config } from './config.js';

const CONNECT_AGAIN_MS = 1000;

/**
 * Connects to Temporal, waiting for a server that is away and saying why.
 * @throws Error where the server refuses the credentials: they are read at the start, so waiting does not help
 */
export async function connectTemporal(
  { temporal }: Pick<Config, 'temporal'>,
  log: (line: string) => void,
): Promise<NativeConnection> {
  const address = temporal.connectionOptions.address ?? 'localhost:7233';
  for (;;) {
    try {
      return await NativeConnection.connect(temporal.connectionOptions);
    } catch (error) {
      if ((error as Error).name !== 'TransportError') throw error;
      const { message } = error as Error;
      const refusal = NO_CREDENTIALS.exec(message);
      if (refusal !== null) {
        throw new Error(
          `Temporal at ${address} refuses TEMPORAL_API_KEY, or the lack of one (${refusal[1]})`,
          {
            cause: error,
          },
        );
      }
      log(`waiting for Temporal at ${address}: ${plain(message)}`);
      await new Promise((resolve) => setTimeout(resolve, CONNECT_AGAIN_MS));
    }
  }
}

const NO_CREDENTIALS = /valid authentication credentials', message: "(.*?)"/;

/** The SDK gives the innards of its Rust libraries. */
const REASONS: [pattern: RegExp, sentence: string][] = [
  [
    /InvalidCertificate\((\w+)/,
    'its certificate is not trusted ($1): TEMPORAL_TLS_SERVER_CA_CERT_PATH, TEMPORAL_TLS_SERVER_NAME',
  ],
  [
    // However that shows: a refused certificate is noticed at one of several moments.
    /hyper::Error\((?:Io|Canceled)|close_notify|received fatal alert|UnexpectedEof/,
    'it has closed the connection, as one does that stops, or that wants TLS or a certificate (TEMPORAL_TLS, TEMPORAL_TLS_CLIENT_CERT_PATH)',
  ],
  [
    /InvalidContentType/,
    'it does not speak TLS at that port: TEMPORAL_TLS, or TEMPORAL_API_KEY, which turns TLS on',
  ],
  [/(?:message|error): "([^"]+)" ?\}\)+$/, '$1'],
];

function plain(message: string): string {
  for (const [pattern, sentence] of REASONS) {
    const found = pattern.exec(message);
    if (found !== null) return sentence.replace('$1', found[1] ?? '');
  }
  return message;
}
