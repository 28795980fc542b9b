/** A service that answers like ip2location.io, on a loopback port. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What is answered for an address; `hang`: nothing at all, `cut`: the connection ends. */
export type StubAnswer = { status?: number; body: unknown } | 'hang' | 'cut';

export interface Ip2LocationStub {
  url: string;
  /** Addresses in the order in which they were asked for. */
  asked: string[];
  /** Keys and paths of the requests. */
  requests: URL[];
  answer: (address: string) => StubAnswer;
  close(): Promise<void>;
}

/** Places as the service writes them, made from the address: country GB, region and city with the address in them. */
export function placeBody(ip: string): Record<string, unknown> {
  return {
    ip,
    country_code: 'GB',
    country_name: 'United Kingdom',
    region_name: `Region of ${ip}`,
    city_name: `City of ${ip}`,
    latitude: 51.5,
    is_proxy: false,
  };
}

export function errorBody(error_code: number, error_message: string): Record<string, unknown> {
  return { error: { error_code, error_message } };
}

export async function startIp2LocationStub(): Promise<Ip2LocationStub> {
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://localhost');
    const address = url.searchParams.get('ip')!;
    stub.asked.push(address);
    stub.requests.push(url);
    const answer = stub.answer(address);
    if (answer === 'hang') return;
    if (answer === 'cut') {
      request.socket.destroy();
    } else {
      response.statusCode = answer.status ?? 200;
      response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stub: Ip2LocationStub = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    asked: [],
    requests: [],
    answer: (address) => ({ body: placeBody(address) }),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
  return stub;
}
