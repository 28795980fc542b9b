import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Payload } from '@temporalio/common';
import proto from '@temporalio/proto';

import type { Queryable } from '../postgres/pool.js';
import { remoteCodec, type RemoteCodec } from './remoteCodec.js';

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

const MAX_BODY_BYTES = 64 * 1024 * 1024;

export interface CodecServerOptions {
  /** On 127.0.0.1; 0 takes any. */
  port: number;
  /** The web pages that may use it (the Temporal UI's addresses): it hands out data. */
  origins: readonly string[];
  /** Where `weir.payload` is, asked at each request that needs it; null while there is none. */
  database?: () => Queryable | null;
}

export interface CodecServer {
  address: string;
  close(): Promise<void>;
}

/**
 * The remote codec of Temporal's UI and CLI (`--codec-endpoint`, `--ui-codec-endpoint`): `POST …/decode`, `…/encode` and `…/download` with
 * `{"payloads": [...]}`, so that payloads that are compressed or stored in Postgres are seen as JSON. `…/decode?preserveStorageRefs=true`
 * (newer UIs) leaves references to stored ones. Rejects when the port is taken.
 */
export async function startCodecServer(options: CodecServerOptions): Promise<CodecServer> {
  const { origins, database = () => null } = options;
  const codec = remoteCodec(database);
  const server = createServer((request, response) => {
    answer(request, response, { codec, origins }).catch((error: unknown) => {
      const code = error instanceof RequestError ? error.status : 500;
      response.writeHead(code, { 'Content-Type': 'text/plain' }).end(`${messageOf(error)}\n`);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, '127.0.0.1', resolve);
  });
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        // The UI keeps its connections open.
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { codec, origins }: { codec: RemoteCodec; origins: readonly string[] },
): Promise<void> {
  const { origin } = request.headers;
  if (origin !== undefined) {
    if (!origins.includes(origin)) throw new RequestError(403, `${origin} may not use this codec server`);
    allow(origin, response);
  }
  if (request.method === 'OPTIONS') {
    response.writeHead(204).end();
    return;
  }
  const convert = conversionFor(request, codec);
  const payloads = await convert(payloadsOf(await bodyOf(request)));
  const body = {
    payloads: payloads.map((payload) => PayloadMessage.toObject(PayloadMessage.fromObject(payload), AS_JSON)),
  };
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

/** The UI reads sizes as strings: as numbers it shows "0 Bytes". */
const AS_JSON = { bytes: String, longs: String };

function allow(origin: string, response: ServerResponse): void {
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Access-Control-Allow-Methods', 'POST,OPTIONS');
  response.setHeader('Access-Control-Allow-Headers', 'Authorization,Content-Type,X-Namespace');
  response.setHeader('Access-Control-Allow-Credentials', 'true');
  response.setHeader('Vary', 'Origin');
}

/** By the path only: newer UIs add a query. */
function conversionFor(
  { method, url = '/' }: IncomingMessage,
  codec: RemoteCodec,
): (payloads: Payload[]) => Promise<Payload[]> {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const action = method === 'POST' ? pathname.split('/').at(-1) : undefined;
  if (action === 'encode') return codec.encode;
  if (action === 'download') return codec.download;
  if (action === 'decode')
    return searchParams.get('preserveStorageRefs') === 'true' ? codec.decodeInline : codec.decode;
  throw new RequestError(404, 'This codec server answers POST …/decode, …/encode and …/download');
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new RequestError(413, `More than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The CLI sends `{}` for a workflow without arguments. */
function payloadsOf(body: string): Payload[] {
  try {
    const { payloads = [] } = JSON.parse(body) as { payloads?: Record<string, unknown>[] };
    return payloads.map((payload) => PayloadMessage.fromObject(payload));
  } catch (error) {
    throw new RequestError(400, `Not a list of payloads: ${messageOf(error)}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

class RequestError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
