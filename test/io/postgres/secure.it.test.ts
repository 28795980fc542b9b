/** A Postgres that asks for TLS, with the settings of the environment that people give. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '../../../src/io/postgres/migrate.js';
import { answering, createPool, type PostgresConfig } from '../../../src/io/postgres/pool.js';
import { loadConfig } from '../../../src/worker/config.js';
import { createAuthority, type Authority } from '../../support/certificates.js';
import { securePostgres } from '../../support/securePostgres.js';
import { environment, sharedStack, startTestStack, type TestStack } from '../../support/stack.js';
import { eventually } from '../../support/weir.js';

let authority: Authority;
let stranger: Authority;
let stack: TestStack;
let files: Record<string, string>;
beforeAll(async () => {
  authority = createAuthority();
  stranger = createAuthority();
  const { kafkaUrl, temporalAddress } = sharedStack();
  stack = await startTestStack(`secure-postgres-${process.pid}`, {
    env: { ...environment(), KAFKA_URL: kafkaUrl, TEMPORAL_ADDRESS: temporalAddress },
  });
  await securePostgres(stack.postgres.address, authority);
  const { cert, key } = authority.issue('by_certificate');
  files = { CA: authority.ca, OTHER: stranger.ca, CERT: cert, KEY: key };
  const { postgres } = config({ user: 'by_password', query: 'sslmode=verify-full&sslrootcert=CA' });
  await eventually('the server to have TLS', async () => (await sessionOf(postgres)).ssl);
});
afterAll(async () => {
  await stack.remove();
  authority.remove();
  stranger.remove();
});

interface Login {
  host?: string;
  user: string;
  password?: string;
  /** With the names of files in place of their paths. */
  query: string;
}

function config({ host = '127.0.0.1', user, password = 'wonderland', query }: Login) {
  const { port } = new URL(stack.postgres.address);
  const paths = query.replaceAll(/[A-Z]+/g, (name) => files[name]!);
  return loadConfig({
    POSTGRES_URL: `postgres://${host}:${port}/weir?${paths}`,
    POSTGRES_USER: user,
    POSTGRES_PASSWORD: password,
  });
}

async function sessionOf(postgres: PostgresConfig): Promise<{ ssl: boolean; user: string }> {
  const pool = createPool(postgres, 1);
  try {
    const { rows } = await answering(postgres, () =>
      pool.query('select ssl, current_user as user from pg_stat_ssl where pid = pg_backend_pid()'),
    );
    return rows[0] as { ssl: boolean; user: string };
  } finally {
    await pool.end();
  }
}

it.each<Login>([
  { user: 'by_password', query: 'sslmode=verify-full&sslrootcert=CA' },
  { user: 'by_password', query: 'sslmode=verify-full&sslrootcert=CA', host: 'localhost' },
  { user: 'by_password', query: 'sslmode=require&sslrootcert=CA' },
  { user: 'by_password', query: 'sslmode=no-verify' },
  { user: 'by_certificate', query: 'sslmode=verify-full&sslrootcert=CA&sslcert=CERT&sslkey=KEY' },
])('$user with $query', async (login) => {
  expect(await sessionOf(config(login).postgres)).toEqual({ ssl: true, user: login.user });
});

it('is migrated over TLS', async () => {
  const { postgres } = config({ user: 'by_password', query: 'sslmode=verify-full&sslrootcert=CA' });
  expect(await migrate(postgres)).toContain('1_weir');
});

describe('what is wrong is one plain sentence with the address', () => {
  it.each<Login & { what: string; says: RegExp }>([
    {
      what: 'another authority',
      user: 'by_password',
      query: 'sslmode=verify-full&sslrootcert=OTHER',
      says: /its certificate is not trusted \(.*certificate.*\): sslrootcert in POSTGRES_URL/,
    },
    {
      what: "the system's authorities",
      user: 'by_password',
      query: 'sslmode=require',
      says: /its certificate is not trusted \(.*certificate.*\): sslrootcert in POSTGRES_URL/,
    },
    {
      what: 'a wrong password',
      user: 'by_password',
      password: 'x',
      query: 'sslmode=verify-full&sslrootcert=CA',
      says: /password authentication failed for user "by_password"/,
    },
    {
      what: 'no certificate of the client where one is wanted',
      user: 'by_certificate',
      query: 'sslmode=verify-full&sslrootcert=CA',
      says: /connection requires a valid client certificate/,
    },
    {
      what: 'no TLS where it is wanted',
      user: 'by_password',
      query: 'sslmode=disable',
      says: /pg_hba.conf rejects connection for host .*, no encryption/,
    },
  ])('$what', async ({ says, ...login }) => {
    const failure = await sessionOf(config(login).postgres).then(
      () => null,
      (error: Error) => error.message,
    );
    const { port } = new URL(stack.postgres.address);
    expect(failure).toMatch(new RegExp(`^Postgres at 127\\.0\\.0\\.1:${port}: ${says.source}$`));
  });

  it('TLS where there is none', async () => {
    const url = new URL(sharedStack().postgresUrl);
    url.search = 'sslmode=no-verify';
    const { postgres } = loadConfig({ POSTGRES_URL: url.href });
    await expect(sessionOf(postgres)).rejects.toThrow(
      `Postgres at ${url.host}: The server does not support SSL connections`,
    );
  });
});
