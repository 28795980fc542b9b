/** Turns TLS on in a Postgres that a test has started, through SQL alone: its files are its own user's. */
import { readFileSync } from 'node:fs';
import pg from 'pg';
import type { Authority } from './certificates.js';

/** `by_password` has to come over TLS with its password, `by_certificate` with a certificate of that name. */
const ACCESS = `
hostssl all by_password 127.0.0.1/32 scram-sha-256
hostssl all by_certificate 127.0.0.1/32 cert
host all by_password,by_certificate 127.0.0.1/32 reject
host all all 127.0.0.1/32 trust
`;

export async function securePostgres(url: string, authority: Authority): Promise<void> {
  const { cert, key } = authority.issue();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const write = async (name: string, text: string): Promise<void> => {
    const lines = text.split('\n').map((line) => `(${client.escapeLiteral(line)})`);
    await client.query(`copy (values ${lines.join(', ')}) to program 'umask 077; cat > ${name}'`);
  };
  try {
    await write('server.crt', readFileSync(cert, 'utf8'));
    await write('server.key', readFileSync(key, 'utf8'));
    await write('clients.crt', readFileSync(authority.ca, 'utf8'));
    await write('pg_hba.conf', ACCESS);
    await client.query("create role by_password superuser login password 'wonderland'");
    await client.query('create role by_certificate login');
    await client.query("alter system set ssl_ca_file = 'clients.crt'");
    await client.query('alter system set ssl = on');
    await client.query('select pg_reload_conf()');
  } finally {
    await client.end();
  }
}
