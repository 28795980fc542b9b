import type pg from 'pg';

import { type CodecServer, startCodecServer } from '../io/payload/codecServer.js';
import { parsePostgres } from '../io/postgres/config.js';
import { createPool } from '../io/postgres/pool.js';
import type { Ports } from './ports.js';
import type { Service } from './service.js';

interface CodecOptions {
  ports: Ports;
  env: NodeJS.ProcessEnv;
  /** Postgres starts at the same time: undefined until it is there. */
  postgresUrl: () => string | undefined;
}

/** The codec server for the Temporal UI of this stack; it runs inside this process. */
export async function startCodec({ ports, env, postgresUrl }: CodecOptions): Promise<Service> {
  const origins = ['127.0.0.1', 'localhost'].map((host) => `http://${host}:${ports.temporalUi}`);
  let pool: pg.Pool | undefined;
  const database = () => {
    const url = postgresUrl();
    if (url !== undefined) pool ??= createPool(parsePostgres(url, env), 1);
    return pool ?? null;
  };
  const start = () => startCodecServer({ port: ports.codec, origins, database });
  let running: CodecServer | undefined = await start();
  const stop = async () => {
    await running?.close();
    running = undefined;
    const connections = pool;
    pool = undefined;
    await connections?.end();
  };
  return {
    name: 'codec',
    address: running.address,
    owned: true,
    pid: undefined,
    stop,
    kill: stop,
    restart: async () => {
      await stop();
      running = await start();
    },
  };
}
