import { type CodecServer, startCodecServer } from '../io/payload/codecServer.js';
import type { Ports } from './ports.js';
import type { Service } from './service.js';

/** The codec server for the Temporal UI of this stack; it runs inside this process. */
export async function startCodec(ports: Ports): Promise<Service> {
  const origins = ['127.0.0.1', 'localhost'].map((host) => `http://${host}:${ports.temporalUi}`);
  const start = () => startCodecServer({ port: ports.codec, origins });
  let running: CodecServer | undefined = await start();
  const stop = async () => {
    await running?.close();
    running = undefined;
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
