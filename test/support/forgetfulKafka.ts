/** A way to a broker on which the answer to the first Produce request gets lost, after the broker has written the records. */
import { createServer, connect, type AddressInfo } from 'node:net';

const PRODUCE = 0; // the API key of the Kafka protocol

export interface ForgetfulKafka {
  address: string;
  /** Whether an answer has been lost yet. */
  hasForgotten(): boolean;
  close(): void;
}

/** @param broker `host:port` as the broker advertises it */
export async function startForgetfulKafka(broker: string): Promise<ForgetfulKafka> {
  const [host, port] = broker.split(':') as [string, string];
  let forgotten = false;
  const server = createServer((client) => {
    const upstream = connect(Number(port), host);
    let waitsForAnswer = false;
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    client.on('data', (request) => {
      // kafkajs writes a request at once, and waits for its answer as there is one in flight: a chunk begins with a request
      waitsForAnswer ||= !forgotten && request.length >= 6 && request.readInt16BE(4) === PRODUCE;
      upstream.write(request);
    });
    upstream.on('data', (answer) => {
      if (waitsForAnswer) {
        forgotten = true;
        client.destroy();
        upstream.destroy();
        return;
      }
      client.write(advertised(answer, { host, from: Number(port), to: portOf(server) }));
    });
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    address: `${host}:${portOf(server)}`,
    hasForgotten: () => forgotten,
    close: () => void server.close(),
  };
}

const portOf = (server: ReturnType<typeof createServer>): number => (server.address() as AddressInfo).port;

/** The answer with this server's port in place of the broker's, which follows the host's name wherever a broker is named. */
function advertised(answer: Buffer, { host, from, to }: { host: string; from: number; to: number }): Buffer {
  const named = Buffer.concat([Buffer.from(host), Buffer.alloc(4)]);
  named.writeInt32BE(from, host.length);
  const changed = Buffer.from(answer);
  for (let at = changed.indexOf(named); at !== -1; at = changed.indexOf(named, at + 1))
    changed.writeInt32BE(to, at + host.length);
  return changed;
}
