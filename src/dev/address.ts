import { answers } from './ports.js';

const DEFAULT_PORTS: Record<string, number> = { KAFKA_URL: 9092, TEMPORAL_ADDRESS: 7233, POSTGRES_URL: 5432 };

/**
 * Rejects when nothing listens at an address that the environment gave. Only the connection is tried (the first of a list
 * that accepts one is enough): users, passwords and certificates are the business of those who connect.
 */
export async function checkGivenAddress(variable: keyof typeof DEFAULT_PORTS, value: string): Promise<void> {
  for (const { host, port } of hostsOf(value, DEFAULT_PORTS[variable]!))
    if (await answers(host, port)) return;
  throw new Error(
    `Nothing answers at ${variable}=${withoutPassword(value)}: start it, correct it, or unset ${variable}.`,
  );
}

/** Host and port of each server in `host:port,host:port`, `scheme://user:password@host:port/path` and their jdbc: forms. */
export function hostsOf(value: string, defaultPort: number): { host: string; port: number }[] {
  const [servers = ''] = value.replace(/^jdbc:/, '').split('?', 1);
  return servers.split(',').map((server) => {
    const [authority = ''] = server
      .trim()
      .replace(/^[a-z_+]+:\/\//i, '')
      .split('/', 1);
    const [, host, port] = /^(?:.*@)?\[?(.*?)\]?(?::(\d+))?$/.exec(authority) ?? [];
    return { host: host || '127.0.0.1', port: port === undefined ? defaultPort : Number(port) };
  });
}

function withoutPassword(value: string): string {
  return value.replace(/:[^:@/]*@/, ':…@').replace(/([?&]password=)[^&]*/i, '$1…');
}
