import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import {
  encodeApiVersions,
  encodeFetchAnswer,
  encodeFetchByIdAnswer,
  encodeMetadataAnswer,
  encodeMetadataByIdAnswer,
  encodeOffsetAnswer,
  type FetchAnswer,
  int32,
  type MetadataAnswer,
} from './kafkaResponses.js';

/** What a fake broker answers; a test sets it anew at any time. For faults that a real broker shows only by luck. */
export interface FakeBehaviour {
  metadata: () => MetadataAnswer;
  /** `cut` closes the connection, `silence` never answers. */
  fetch: () => FetchAnswer | 'cut' | 'silence';
  offset?: (timestamp: number) => { errorCode?: number; offset: number };
  newestFetchVersion?: number;
  newestMetadataVersion?: number;
}

export interface FakeBroker {
  readonly address: string;
  behaviour: FakeBehaviour;
  /** How many fetches have come. */
  readonly fetches: number;
  /** Version, and topic where it was asked for by id, of the last one. */
  readonly lastFetch: { version: number; topicId?: string };
  /** Resolves when so many have come. */
  untilFetches(count: number): Promise<void>;
  close(): Promise<void>;
}

const api = { fetch: 1, listOffsets: 2, metadata: 3, apiVersions: 18 };

export async function startFakeBroker(behaviour: FakeBehaviour): Promise<FakeBroker> {
  const sockets = new Set<Socket>();
  let fetches = 0;
  let lastFetch: FakeBroker['lastFetch'] = { version: 0 };
  let waiting: { count: number; resolve: () => void }[] = [];

  function answer(key: number, body: Buffer): Buffer | 'cut' | 'silence' {
    switch (key) {
      case api.apiVersions:
        return encodeApiVersions({
          [api.fetch]: broker.behaviour.newestFetchVersion ?? 17,
          [api.listOffsets]: 10,
          [api.metadata]: broker.behaviour.newestMetadataVersion ?? 13,
          [api.apiVersions]: 4,
        });
      case api.metadata:
        return (body.readInt16BE(2) >= 10 ? encodeMetadataByIdAnswer : encodeMetadataAnswer)(
          broker.behaviour.metadata(),
        );
      case api.listOffsets: {
        const { topic } = broker.behaviour.metadata();
        // The one partition's timestamp is the last field of the request.
        const timestamp = Number(body.readBigInt64BE(body.length - 8));
        return encodeOffsetAnswer({ topic, ...(broker.behaviour.offset?.(timestamp) ?? { offset: 0 }) });
      }
      case api.fetch: {
        fetches += 1;
        lastFetch = fetchIn(body);
        for (const { count, resolve } of waiting) if (fetches >= count) resolve();
        waiting = waiting.filter(({ count }) => fetches < count);
        const given = broker.behaviour.fetch();
        if (typeof given === 'string') return given;
        return lastFetch.topicId === undefined ? encodeFetchAnswer(given) : encodeFetchByIdAnswer(given);
      }
      default:
        throw new Error(`the fake broker does not know API ${key}`);
    }
  }

  function serve(socket: Socket): void {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
        const request = received.subarray(4, 4 + received.readInt32BE(0));
        received = received.subarray(4 + request.length);
        const body = answer(request.readInt16BE(0), request);
        if (body === 'cut') socket.destroy();
        else if (body !== 'silence') {
          socket.write(Buffer.concat([int32(4 + body.length), request.subarray(4, 8), body]));
        }
      }
    });
  }

  const server = createServer(serve);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  const broker: FakeBroker = {
    address: `127.0.0.1:${port}`,
    behaviour,
    get lastFetch() {
      return lastFetch;
    },
    get fetches() {
      return fetches;
    },
    untilFetches: (count) =>
      new Promise<void>((resolve) => {
        if (fetches >= count) resolve();
        else waiting.push({ count, resolve });
      }),
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return broker;
}

/** A request's head is API, version (2 each), correlation (4) and the client's name (length 2). */
function fetchIn(request: Buffer): FakeBroker['lastFetch'] {
  const version = request.readInt16BE(2);
  if (version < 13) return { version };
  // Behind the head: tags, five numbers and the isolation level, session and epoch, the count of topics.
  const at = 10 + request.readInt16BE(8) + 1 + 16 + 1 + 8 + 1;
  return { version, topicId: request.subarray(at, at + 16).toString('base64url') };
}
