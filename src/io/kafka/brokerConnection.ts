import type { Socket } from 'node:net';
import type { KafkaConfig } from './config.js';
import { fetchApi } from './fetchRequest.js';
import { type Exchange, type KafkajsBroker, createBroker } from './kafkajs.js';
import { KafkaRefused } from './logReader.js';

/** How long connecting and authenticating may take, and how long a broker may think over a request. */
export const patienceMs = 10_000;

/** An exchange for what a broker can do: `newest` gives the newest version that it knows of an API. */
export type ExchangeFor<T> = (newest: (api: number) => number) => Exchange<T>;

/** A connection to one broker, made when the first request needs it. */
export interface BrokerConnection {
  /** `host:port` */
  readonly address: string;
  /**
   * Sends a request and gives its decoded answer.
   * @throws Error of the socket, of kafkajs, of the decoder; or when there is no answer within `timeoutMs`
   */
  request<T>(exchange: Exchange<T> | ExchangeFor<T>, timeoutMs: number): Promise<T>;
  /** Cuts the connection at once; requests that wait fail. */
  close(): void;
}

/** @param address `host:port` */
export function openBrokerConnection(config: KafkaConfig, address: string): BrokerConnection {
  const sockets = new Set<Socket>();
  let closed = false;
  const cut = (reason: Error) => {
    // Destroyed with an error: it is how kafkajs learns that the requests on this socket get no answer. (Its own
    // disconnect would wait for them, without end when the broker is gone.)
    for (const socket of sockets) socket.destroy(reason);
  };

  const [host = '', port = ''] = address.split(':');
  const broker = createBroker(config, {
    host,
    port: Number(port),
    connectTimeoutMs: patienceMs,
    onSocket: (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      if (closed) socket.destroy(new Error('the connection was closed'));
    },
  });

  return {
    address,
    async request(exchange, timeoutMs) {
      if (closed) throw new Error('the connection was closed');
      let timer: NodeJS.Timeout | undefined;
      const deadline = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          reject(new Error(`no answer within ${timeoutMs} ms`));
          cut(new Error('the broker does not answer'));
        }, timeoutMs);
      });
      try {
        return await Promise.race([ask(broker, address, exchange), deadline]);
      } finally {
        clearTimeout(timer);
      }
    },
    close() {
      closed = true;
      cut(new Error('the connection was closed'));
    },
  };
}

async function ask<T>(
  broker: KafkajsBroker,
  address: string,
  exchange: Exchange<T> | ExchangeFor<T>,
): Promise<T> {
  await broker.connect();
  const newest = (api: number): number => broker.versions[api]?.maxVersion ?? 0;
  if (newest(fetchApi.key) < fetchApi.version) {
    throw new KafkaRefused(
      `broker ${address} is too old: Kafka 2.3 is the oldest (Fetch v${fetchApi.version})`,
    );
  }
  return broker.connectionPool.send(typeof exchange === 'function' ? exchange(newest) : exchange);
}
