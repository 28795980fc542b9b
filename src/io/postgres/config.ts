import { parse } from 'pg-connection-string';

import type { PostgresConfig } from './pool.js';

/**
 * `postgres://…`, `postgresql://…` or `jdbc:postgresql://…`; user and password may stand apart in POSTGRES_USER and POSTGRES_PASSWORD of
 * `env`. Throws where the address is another one.
 */
export function parsePostgres(url: string, env: Record<string, string | undefined>): PostgresConfig {
  const plain = url
    .replace(/^jdbc:/, '')
    // What the parser makes of these modes, but with a warning that would be printed at each start.
    .replace(/([?&]sslmode=)(?:prefer|require|verify-ca)(?=&|$)/, '$1verify-full');
  if (!/^postgres(ql)?:\/\//.test(plain)) {
    throw new Error(
      'expected postgres://user:password@host:port/database or jdbc:postgresql://host:port/database',
    );
  }
  const { host, port, database, user, password, ssl } = parse(plain);
  const query = new URL(plain).searchParams;
  const asUser = env['POSTGRES_USER'] || user || query.get('user');
  const withPassword = env['POSTGRES_PASSWORD'] || password || query.get('password');
  return {
    host: host || 'localhost',
    port: port ? Number(port) : 5432,
    database: database || 'weir',
    ...(asUser ? { user: asUser } : {}),
    ...(withPassword ? { password: withPassword } : {}),
    ...(ssl ? { ssl: ssl as NonNullable<PostgresConfig['ssl']> } : {}),
  };
}
