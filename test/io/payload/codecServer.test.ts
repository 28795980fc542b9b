import { randomBytes } from 'node:crypto';

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { ExternalStorageRunner } from '@temporalio/common/lib/internal-non-workflow/index.js';
import proto from '@temporalio/proto';

import { brotliCodec } from '../../../src/io/payload/codec.js';
import { type CodecServer, startCodecServer } from '../../../src/io/payload/codecServer.js';
import { dataConverter } from '../../../src/io/payload/dataConverter.js';
import type { Queryable } from '../../../src/io/postgres/pool.js';
import { PayloadTable } from '../../support/payloadTable.js';

const { Payload: PayloadMessage } = proto.temporal.api.common.v1;

const UI = 'http://localhost:8233';

let server: CodecServer;
let database: Queryable | null = null;
beforeAll(async () => {
  server = await startCodecServer({ port: 0, origins: [UI], database: () => database });
});
afterAll(() => server.close());

interface JsonPayload {
  metadata: Record<string, string>;
  data: string;
  externalPayloads?: { sizeBytes: string }[];
}

const base64 = (value: string | Uint8Array) => Buffer.from(value as string).toString('base64');
const text = (value: string) => Buffer.from(value, 'base64').toString();

function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server.address}${path}`, {
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

async function payloadsOf(response: Response): Promise<JsonPayload[]> {
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/json');
  return ((await response.json()) as { payloads: JsonPayload[] }).payloads;
}

const big = JSON.stringify({ rows: 'x'.repeat(20_000) });

async function compressed(): Promise<JsonPayload> {
  const [payload] = await brotliCodec().encode([
    { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from(big) },
  ]);
  return { metadata: { encoding: base64(payload!.metadata!.encoding!) }, data: base64(payload!.data!) };
}

describe('decode', () => {
  test.each(['/decode', '/decode?preserveStorageRefs=true', '/default/decode'])(
    '%s: by the path only',
    async (path) => {
      const [decoded] = await payloadsOf(await post(path, { payloads: [await compressed()] }));
      expect(text(decoded!.metadata['encoding']!)).toBe('json/plain');
      expect(text(decoded!.data)).toBe(big);
    },
  );

  test('what is not ours comes back unchanged, sizes as strings', async () => {
    const foreign = {
      metadata: { encoding: base64('json/plain') },
      data: base64('1'),
      externalPayloads: [{ sizeBytes: '42' }],
    };
    expect(await payloadsOf(await post('/decode', { payloads: [foreign] }))).toEqual([foreign]);
  });
});

describe('payloads that are stored in Postgres', () => {
  const state = JSON.stringify({ open: randomBytes(1_200_000).toString('hex') });
  let table: PayloadTable;
  let reference: JsonPayload;

  beforeEach(async () => {
    table = new PayloadTable();
    database = table.db;
    const { payloadCodecs, externalStorage } = dataConverter(table.db);
    const plain = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from(state) };
    const encoded = await payloadCodecs![0]!.encode([plain]);
    const [stored] = await new ExternalStorageRunner(externalStorage!).store(encoded);
    const options = { bytes: String, longs: String };
    reference = PayloadMessage.toObject(PayloadMessage.fromObject(stored!), options) as JsonPayload;
    expect(reference.data.length).toBeLessThan(500);
  });

  const post1 = async (path: string) => (await payloadsOf(await post(path, { payloads: [reference] })))[0]!;

  test.each(['/decode', '/default/decode?preserveStorageRefs=false', '/download', '/default/download'])(
    '%s fetches them',
    async (path) => {
      expect(text((await post1(path)).data)).toBe(state);
    },
  );

  test('/decode?preserveStorageRefs=true leaves them, and decodes the others', async () => {
    const payloads = [reference, await compressed()];
    const [left, decoded] = await payloadsOf(await post('/decode?preserveStorageRefs=true', { payloads }));
    expect(left).toEqual(reference);
    expect(text(decoded!.data)).toBe(big);
  });

  test('/download fetches them whatever else is said, and decodes the others', async () => {
    const payloads = [await compressed(), reference];
    const answer = await payloadsOf(await post('/download?preserveStorageRefs=true', { payloads }));
    expect(answer.map(({ data }) => text(data))).toEqual([big, state]);
  });

  test.each(['/decode', '/download'])('%s without a database passes references on', async (path) => {
    database = null;
    expect(await post1(path)).toEqual(reference);
    database = table.db; // it is asked at every request
    expect(text((await post1(path)).data)).toBe(state);
  });

  test('one that is gone stays a reference in /decode; /download says that it is gone', async () => {
    table.rows.clear();
    const payloads = [reference, await compressed()];
    const [left, decoded] = await payloadsOf(await post('/decode', { payloads }));
    expect(left).toEqual(reference);
    expect(text(decoded!.data)).toBe(big);
    const refused = await post('/download', { payloads });
    expect(refused.status).toBe(500);
    expect(await refused.text()).toMatch(/is not in weir.payload any more/);
  });

  test("another driver's references are passed on", async () => {
    const foreign = { ...reference, data: base64(text(reference.data).replace('weir-pg', 'bucket')) };
    expect(await payloadsOf(await post('/download', { payloads: [foreign] }))).toEqual([foreign]);
  });
});

describe('encode', () => {
  test('{} (a workflow without arguments) gives no payloads', async () => {
    expect(await payloadsOf(await post('/encode', {}))).toEqual([]);
  });

  test('what is encoded is decoded to the same', async () => {
    const plain = { metadata: { encoding: base64('json/plain') }, data: base64(big) };
    const encoded = await payloadsOf(await post('/encode', { payloads: [plain] }));
    expect(text(encoded[0]!.metadata['encoding']!)).toBe('binary/brotli');
    const [decoded] = await payloadsOf(await post('/decode', { payloads: encoded }));
    expect(decoded).toMatchObject(plain);
  });
});

describe('who may use it', () => {
  test('the preflight of an allowed page is answered with 204 and its origin', async () => {
    const response = await fetch(`${server.address}/decode`, { method: 'OPTIONS', headers: { Origin: UI } });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe(UI);
    expect(response.headers.get('access-control-allow-headers')).toBe(
      'Authorization,Content-Type,X-Namespace',
    );
    expect(response.headers.get('access-control-allow-methods')).toBe('POST,OPTIONS');
  });

  test('an allowed page may read the answer', async () => {
    const response = await post('/decode', {}, { Origin: UI });
    expect(response.headers.get('access-control-allow-origin')).toBe(UI);
  });

  test('any other page is refused', async () => {
    const response = await post(
      '/decode',
      { payloads: [await compressed()] },
      { Origin: 'http://localhost:9999' },
    );
    expect(response.status).toBe(403);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });

  test('it listens on 127.0.0.1', () => {
    expect(new URL(server.address).hostname).toBe('127.0.0.1');
  });
});

describe('what it cannot answer', () => {
  test('another path: 404', async () => {
    expect((await post('/', {})).status).toBe(404);
  });

  test('another method: 404', async () => {
    expect((await fetch(`${server.address}/decode`)).status).toBe(404);
  });

  test.each(['not json', '{"payloads":3}', 'null'])(
    'a body that holds no list of payloads (%s): 400',
    async (body) => {
      expect((await post('/decode', body)).status).toBe(400);
    },
  );

  test('a port that is taken: rejects', async () => {
    const port = Number(new URL(server.address).port);
    await expect(startCodecServer({ port, origins: [] })).rejects.toThrow('EADDRINUSE');
  });
});
