/** TLS in front of Temporal's dev server, which has none: what Temporal Cloud asks for, an API key or a certificate. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import {
  connect,
  constants,
  createSecureServer,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Authority } from './certificates.js';

export interface SecureTemporal {
  /** `host:port` */
  address: string;
  close(): Promise<void>;
}

/** gRPC's code for "who are you?" */
const UNAUTHENTICATED = '16';

/** @param wants the API key that each call has to bring; null: clients need a certificate of the authority instead */
export async function secureTemporal(
  upstream: string,
  authority: Authority,
  wants: { apiKey: string | null },
): Promise<SecureTemporal> {
  const { cert, key } = authority.issue();
  const client = connect(`http://${upstream}`);
  const sessions = new Set<Http2Session>();
  const mutual = { requestCert: true, rejectUnauthorized: true, ca: readFileSync(authority.ca) };
  const server = createSecureServer({
    cert: readFileSync(cert),
    key: readFileSync(key),
    ...(wants.apiKey === null ? mutual : {}),
  });
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (inbound, headers) => {
    inbound.on('error', () => undefined);
    if (wants.apiKey !== null && headers.authorization !== `Bearer ${wants.apiKey}`) {
      const refusal = { 'grpc-status': UNAUTHENTICATED, 'grpc-message': 'unknown API key' };
      inbound.respond({ 'content-type': 'application/grpc', ...refusal }, { endStream: true });
      return;
    }
    passOn(inbound, headers);
  });

  function passOn(inbound: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const outbound = client.request({ ...headers, ':scheme': 'http' });
    outbound.on('error', () => inbound.destroy());
    inbound.on('close', () => outbound.close(constants.NGHTTP2_CANCEL));
    let trailers: IncomingHttpHeaders = {};
    outbound.on('trailers', (given) => (trailers = given));
    outbound.on('response', (given, flags) => {
      if (inbound.destroyed) return;
      const isAll = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
      inbound.respond(given, isAll ? { endStream: true } : { waitForTrailers: true });
      if (isAll) return;
      inbound.on('wantTrailers', () => inbound.sendTrailers(trailers));
      outbound.pipe(inbound);
    });
    inbound.pipe(outbound);
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      client.destroy();
      for (const session of sessions) session.destroy();
      if (server.listening) await once(server, 'close');
    },
  };
}
