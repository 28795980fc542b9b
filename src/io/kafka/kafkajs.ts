import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import type { KafkaConfig, KafkaLogger } from './config.js';

/**
 * The parts of kafkajs that have no public door, typed. kafkajs offers no way to fetch a given partition without a
 * consumer group; its inner classes do, and since the package is frozen upstream and pinned to 2.2.4, they stay as
 * they are. Nothing else in the project may reach into `kafkajs/src`.
 */

/** A request with the two halves of taking its answer apart; kafkajs throttles by `clientSideThrottleTime`. */
export interface Exchange<T> {
  request: unknown;
  response: { decode(raw: Buffer): Promise<T> | T; parse(decoded: T): T };
}

interface RequestQueue {
  pending: unknown[];
  scheduleCheckPendingRequests(): void;
}
interface ConnectionPool {
  pool: { requestQueue: RequestQueue }[];
  send<T>(exchange: Exchange<T>): Promise<T>;
}
export interface KafkajsBroker {
  connectionPool: ConnectionPool;
  versions: Record<number, { minVersion: number; maxVersion: number }>;
  /** Connects and authenticates when that is needed. */
  connect(): Promise<void>;
}

type SocketFactory = (options: { host: string; port: number; ssl: unknown; onConnect: () => void }) => Socket;
type LogEntry = { namespace: string; label: string; log: { message: string } & Record<string, unknown> };
interface Internals {
  Broker: new (options: object) => KafkajsBroker;
  ConnectionPool: new (options: object) => ConnectionPool;
  Encoder: new () => Encoder;
  Decoder: new (raw: Buffer) => Decoder;
  createLogger(options: { level: number; logCreator: () => (entry: LogEntry) => void }): unknown;
  defaultSocketFactory: () => SocketFactory;
}

const load = createRequire(import.meta.url) as (path: string) => unknown;

const internals: Internals = {
  Broker: load('kafkajs/src/broker') as Internals['Broker'],
  ConnectionPool: load('kafkajs/src/network/connectionPool') as Internals['ConnectionPool'],
  Encoder: load('kafkajs/src/protocol/encoder') as Internals['Encoder'],
  Decoder: load('kafkajs/src/protocol/decoder') as Internals['Decoder'],
  createLogger: (load('kafkajs/src/loggers') as Pick<Internals, 'createLogger'>).createLogger,
  defaultSocketFactory: load('kafkajs/src/network/socketFactory') as Internals['defaultSocketFactory'],
};

/** Encodes Fetch v11, the newest that kafkajs knows (Kafka 2.3 and later answer it). */
export const encodeFetch = load('kafkajs/src/protocol/requests/fetch/v11/request') as (request: {
  replicaId: -1;
  isolationLevel: 0 | 1;
  maxWaitTime: number;
  minBytes: number;
  maxBytes: number;
  topics: { topic: string; partitions: { partition: number; fetchOffset: number; maxBytes: number }[] }[];
}) => unknown;

export const encodeMetadata = load('kafkajs/src/protocol/requests/metadata/v6/request') as (request: {
  topics: string[];
  allowAutoTopicCreation: boolean;
}) => unknown;

export const decodeMetadata = (
  load('kafkajs/src/protocol/requests/metadata/v6/response') as {
    decode: (raw: Buffer) => Promise<MetadataResponse>;
  }
).decode;

export interface MetadataResponse {
  brokers: { nodeId: number; host: string; port: number }[];
  topicMetadata: {
    topicErrorCode: number;
    topic: string;
    /** From v10 on; null where the broker has none. */
    topicId?: string | null;
    partitionMetadata: { partitionId: number; leader: number }[];
  }[];
}

export const encodeListOffsets = load('kafkajs/src/protocol/requests/listOffsets/v3/request') as (request: {
  replicaId: -1;
  isolationLevel: 0 | 1;
  topics: { topic: string; partitions: { partition: number; timestamp: number }[] }[];
}) => unknown;

export const decodeListOffsets = (
  load('kafkajs/src/protocol/requests/listOffsets/v3/response') as {
    decode: (raw: Buffer) => Promise<ListOffsetsResponse>;
  }
).decode;

export interface ListOffsetsResponse {
  responses: {
    topic: string;
    partitions: { partition: number; errorCode: number; offset: string; timestamp: string }[];
  }[];
}

/** Writes a request, or a part of one; the names with UVarInt are the compact forms of flexible versions. */
export interface Encoder {
  writeInt8(value: number): Encoder;
  writeInt32(value: number): Encoder;
  writeInt64(value: number): Encoder;
  writeBoolean(value: boolean): Encoder;
  writeBuffer(value: Buffer): Encoder;
  writeUVarInt(value: number): Encoder;
  writeUVarIntString(value: string | null): Encoder;
  writeUVarIntArray(value: Encoder[]): Encoder;
}

/** Takes an answer apart, from front to back. */
export interface Decoder {
  readInt16(): number;
  readInt32(): number;
  readBoolean(): boolean;
  readBytes(length: number): Buffer;
  readUVarIntString(): string | null;
  readUVarIntArray<T>(read: (decoder: Decoder) => T): T[] | null;
  readUVarInt(): number;
}

export function createEncoder(): Encoder {
  return new internals.Encoder();
}

export function createDecoder(raw: Buffer): Decoder {
  return new internals.Decoder(raw);
}

/** FindCoordinator v2; `coordinatorType` 0 is a consumer group's. */
export const encodeFindCoordinator = load(
  'kafkajs/src/protocol/requests/findCoordinator/v2/request',
) as (request: { coordinatorKey: string; coordinatorType: 0 }) => unknown;

export const decodeFindCoordinator = (
  load('kafkajs/src/protocol/requests/findCoordinator/v2/response') as {
    decode: (raw: Buffer) => Promise<FindCoordinatorResponse>;
  }
).decode;

export interface FindCoordinatorResponse {
  errorCode: number;
  coordinator: { host: string; port: number };
}

/** OffsetCommit v5: kept as long as the broker keeps offsets of groups. */
export const encodeOffsetCommit = load('kafkajs/src/protocol/requests/offsetCommit/v5/request') as (request: {
  groupId: string;
  groupGenerationId: number;
  memberId: string;
  topics: { topic: string; partitions: { partition: number; offset: string }[] }[];
}) => unknown;

export const decodeOffsetCommit = (
  load('kafkajs/src/protocol/requests/offsetCommit/v5/response') as {
    decode: (raw: Buffer) => Promise<OffsetCommitResponse>;
  }
).decode;

export interface OffsetCommitResponse {
  responses: { topic: string; partitions: { partition: number; errorCode: number }[] }[];
}

/** What a Kafka error code means; `type` is its name in the protocol. */
export const errorFromCode = (
  load('kafkajs/src/protocol/error') as {
    createErrorFromCode: (code: number) => Error & { type: string; retriable: boolean };
  }
).createErrorFromCode;

/** Makes a broker that is not connected yet. `onSocket` gets each socket as it is made (up to two: one is for fetches). */
export function createBroker(
  config: KafkaConfig,
  options: { host: string; port: number; connectTimeoutMs: number; onSocket: (socket: Socket) => void },
): KafkajsBroker {
  const makeSocket = internals.defaultSocketFactory();
  const logger = createLogger(config.logger);
  const connectionPool = new internals.ConnectionPool({
    host: options.host,
    port: options.port,
    clientId: config.clientId,
    ssl: config.ssl,
    sasl: config.sasl,
    logger,
    connectionTimeout: options.connectTimeoutMs,
    // Requests have their own deadlines (brokers.ts): kafkajs takes the larger of two and leaves authentication out.
    enforceRequestTimeout: false,
    socketFactory: (socketOptions: Parameters<SocketFactory>[0]) => {
      const socket = makeSocket(socketOptions);
      options.onSocket(socket);
      return socket;
    },
  });
  for (const { requestQueue } of connectionPool.pool) withoutIdleTimers(requestQueue);
  return new internals.Broker({ connectionPool, logger, authenticationTimeout: options.connectTimeoutMs });
}

/** kafkajs sets a timer after every answer, with a negative time when nothing waits: Node 24 warns about each. */
function withoutIdleTimers(queue: RequestQueue): void {
  const schedule = queue.scheduleCheckPendingRequests.bind(queue);
  queue.scheduleCheckPendingRequests = () => {
    if (queue.pending.length > 0) schedule();
  };
}

function createLogger(logger: KafkaLogger | undefined): unknown {
  const [nothing, everything] = [0, 5];
  return internals.createLogger({
    level: logger === undefined ? nothing : everything,
    logCreator:
      () =>
      ({ namespace, label, log: { message, ...attributes } }) =>
        logger?.debug(`kafkajs ${label} ${namespace}: ${message}`, attributes),
  });
}
