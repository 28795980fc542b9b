/** A Temporal that asks for TLS and an API key or a certificate; that all is well with the right ones is test/e2e/secure.it.test.ts. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadConfig } from '../../src/worker/config.js';
import { connectTemporal } from '../../src/worker/connectTemporal.js';
import { createAuthority, type Authority, type Issued } from '../support/certificates.js';
import { secureTemporal, type SecureTemporal } from '../support/secureTemporal.js';
import { sharedStack } from '../support/stack.js';

let authority: Authority;
let stranger: Authority;
let byKey: SecureTemporal;
let byCertificate: SecureTemporal;
let [mine, strangers]: Partial<Issued>[] = [{}, {}];
beforeAll(async () => {
  [authority, stranger] = [createAuthority(), createAuthority()];
  [mine, strangers] = [authority.issue('mine'), stranger.issue('strangers')];
  const { temporalAddress } = sharedStack();
  byKey = await secureTemporal(temporalAddress, authority, { apiKey: 'open sesame' });
  byCertificate = await secureTemporal(temporalAddress, authority, { apiKey: null });
});
afterAll(async () => {
  await byKey.close();
  await byCertificate.close();
  for (const each of [authority, stranger]) each.remove();
});

const KEY = { TEMPORAL_API_KEY: 'open sesame' };
const trusting = ({ ca }: Authority) => ({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: ca });
const showing = ({ cert = '', key = '' }: Partial<Issued>) => ({
  TEMPORAL_TLS_CLIENT_CERT_PATH: cert,
  TEMPORAL_TLS_CLIENT_KEY_PATH: key,
});
const atKey = (settings: object) => ({ TEMPORAL_ADDRESS: byKey.address, ...settings });
const atCertificate = (settings: object) => ({ TEMPORAL_ADDRESS: byCertificate.address, ...settings });

/** Connects; where that is waited for, the reason is given instead. */
async function outcome(env: Record<string, string>): Promise<string> {
  const stop = new Error('the test has heard enough');
  let said = '';
  try {
    const connection = await connectTemporal(loadConfig(env), (line) => {
      said = line;
      throw stop;
    });
    await connection.close();
    return 'connected';
  } catch (error) {
    return error === stop ? said : `fails: ${(error as Error).message}`;
  }
}

const CLOSED =
  'it has closed the connection, as one does that stops, or that wants TLS or a certificate (TEMPORAL_TLS, TEMPORAL_TLS_CLIENT_CERT_PATH)';
const untrusted = (why: string): string =>
  `its certificate is not trusted (${why}): TEMPORAL_TLS_SERVER_CA_CERT_PATH, TEMPORAL_TLS_SERVER_NAME`;

it.each<{ what: string; env: () => Record<string, string>; comes: string }>([
  { what: 'the API key', env: () => atKey({ ...KEY, ...trusting(authority) }), comes: 'connected' },
  {
    what: 'a certificate',
    env: () => atCertificate({ ...trusting(authority), ...showing(mine!) }),
    comes: 'connected',
  },
  {
    what: 'another API key',
    env: () => atKey({ TEMPORAL_API_KEY: 'close sesame', ...trusting(authority) }),
    comes: 'fails: Temporal at … refuses TEMPORAL_API_KEY, or the lack of one (unknown API key)',
  },
  {
    what: 'no API key',
    env: () => atKey(trusting(authority)),
    comes: 'fails: Temporal at … refuses TEMPORAL_API_KEY, or the lack of one (unknown API key)',
  },
  {
    what: "the system's authorities",
    env: () => atKey(KEY),
    comes: `waiting for Temporal at …: ${untrusted('UnknownIssuer')}`,
  },
  {
    what: 'another server name',
    env: () => atKey({ ...KEY, ...trusting(authority), TEMPORAL_TLS_SERVER_NAME: 'other' }),
    comes: `waiting for Temporal at …: ${untrusted('NotValidForNameContext')}`,
  },
  { what: 'no TLS', env: () => atKey({}), comes: `waiting for Temporal at …: ${CLOSED}` },
  {
    what: 'no certificate',
    env: () => atCertificate(trusting(authority)),
    comes: `waiting for Temporal at …: ${CLOSED}`,
  },
  {
    what: "a stranger's certificate",
    env: () => atCertificate({ ...trusting(authority), ...showing(strangers!) }),
    comes: `waiting for Temporal at …: ${CLOSED}`,
  },
  {
    what: 'TLS where there is none',
    env: () => ({ TEMPORAL_ADDRESS: sharedStack().temporalAddress, TEMPORAL_TLS: 'true' }),
    comes:
      'waiting for Temporal at …: it does not speak TLS at that port: TEMPORAL_TLS, or TEMPORAL_API_KEY, which turns TLS on',
  },
  {
    what: 'an address where nobody is',
    env: () => ({ TEMPORAL_ADDRESS: '127.0.0.1:1' }),
    comes: 'waiting for Temporal at …: Connection refused',
  },
])('$what: $comes', async ({ env, comes }) => {
  const settings = env();
  expect(await outcome(settings)).toBe(comes.replace('…', settings['TEMPORAL_ADDRESS']!));
});
