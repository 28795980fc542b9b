import pg from 'pg';

export interface PostgresConfig {
  host: string;
  port: number;
  database: string;
  user?: string;
  password?: string;
  ssl?: pg.PoolConfig['ssl'];
}

/** What statements need of a pool or of a client in a transaction. */
export type Queryable = Pick<pg.ClientBase, 'query'>;

const INT8 = 20;

/** A pool whose bigint columns are numbers: offsets and counts stay below 2^53. */
export function createPool(config: PostgresConfig, maxConnections = 10): pg.Pool {
  const pool = new pg.Pool({
    ...config,
    max: maxConnections,
    application_name: 'weir',
    connectionTimeoutMillis: 10_000,
    // A server that vanished without a word must not hold connections for ever.
    query_timeout: 60_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === INT8 ? Number : (pg.types.getTypeParser(oid, format) as (value: string) => unknown),
    },
  });
  pool.on('error', () => {}); // an idle connection broke: the pool drops it, and the next query opens another or fails with the reason
  return pool;
}

/** Runs `work` in one transaction. */
export async function inTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let broken = false;
  // A connection that breaks is an event, too, and one that nobody takes would end the process: the next statement fails with the reason.
  const broke = (): void => void (broken = true);
  client.on('error', broke);
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => {
      broken = true;
    });
    throw error;
  } finally {
    client.off('error', broke);
    client.release(broken);
  }
}

const NO_ANSWER = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
]);

/** SQLSTATE: a connection broke, or the server stops, starts, or takes no more connections. */
const AWAY_SQL = /^(08|57P0|53300)/;
/** The client's own errors have no code. */
const AWAY_CLIENT =
  /^(Connection terminated|Client has encountered|timeout exceeded when|Query read timeout)/;

/** Why the server does not answer, where it is that which failed; null where it is something else. */
export function whyAway(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { code = '' } = error as { code?: string };
  const isAway = NO_ANSWER.has(code) || AWAY_SQL.test(code) || AWAY_CLIENT.test(error.message);
  return isAway ? messageOf(error) : null;
}

/** Of a host with several addresses, the error of each. */
function messageOf(error: Error): string {
  if (!(error instanceof AggregateError)) return error.message;
  return error.errors.map((each) => (each as Error).message).join('; ');
}

/** Node's codes for a certificate that leads to no authority that we trust, is too old, or is another server's. */
const UNTRUSTED = /CERT|_SIGNATURE$/;
const NO_TLS = 'The server does not support SSL connections';
/** SQLSTATE class: the user may not come in, or not in this way. */
const NO_ENTRY = /^28/;

/** Runs `work`; a server that does not answer, or does not let us in, becomes one sentence with its address. */
export async function answering<T>({ host, port }: PostgresConfig, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code = '', message } = error as { code?: string; message: string };
    const at = `Postgres at ${host}:${port}`;
    if (NO_ANSWER.has(code)) throw new Error(`${at} does not answer (${code})`, { cause: error });
    if (UNTRUSTED.test(code))
      throw new Error(`${at}: its certificate is not trusted (${message}): sslrootcert in POSTGRES_URL`, {
        cause: error,
      });
    if (NO_ENTRY.test(code) || message === NO_TLS) throw new Error(`${at}: ${message}`, { cause: error });
    throw error;
  }
}
