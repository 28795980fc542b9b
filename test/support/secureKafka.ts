/** A broker with listeners of every kind that asks for certificates or passwords. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { KafkaOptions } from '../../src/dev/kafka.js';
import type { Authority } from './certificates.js';

/** `host:port` of the listeners. */
export interface SecureListeners {
  /** TLS; anybody may come. */
  tls: string;
  /** TLS; clients need a certificate of the authority. */
  mutualTls: string;
  /** TLS and SASL, with any of the three mechanisms: user `alice`, password `wonderland`. */
  sasl: string;
}

const [USER, PASSWORD] = ['alice', 'wonderland'];

export async function secureKafka(
  authority: Authority,
): Promise<{ options: KafkaOptions; listeners: SecureListeners }> {
  const [tls, mutualTls, sasl] = await freePorts(3);
  const own = (ports: { kafka: number }): string =>
    [
      `PLAINTEXT://127.0.0.1:${ports.kafka}`,
      `TLS://127.0.0.1:${tls}`,
      `MUTUAL://127.0.0.1:${mutualTls}`,
      `SASL://127.0.0.1:${sasl}`,
    ].join(',');
  const login = 'org.apache.kafka.common.security';
  const scram = `${login}.scram.ScramLoginModule required;`;
  const options: KafkaOptions = {
    properties: (ports) => ({
      listeners: `${own(ports)},CONTROLLER://127.0.0.1:${ports.kafkaController}`,
      'advertised.listeners': own(ports),
      'listener.security.protocol.map':
        'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,TLS:SSL,MUTUAL:SSL,SASL:SASL_SSL',
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': authority.issue().both,
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': authority.ca,
      'listener.name.mutual.ssl.client.auth': 'required',
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      'listener.name.sasl.plain.sasl.jaas.config': `${login}.plain.PlainLoginModule required user_${USER}="${PASSWORD}";`,
      'listener.name.sasl.scram-sha-256.sasl.jaas.config': scram,
      'listener.name.sasl.scram-sha-512.sasl.jaas.config': scram,
    }),
    formatArguments: ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
      '--add-scram',
      `${mechanism}=[name=${USER},password=${PASSWORD}]`,
    ]),
  };
  const at = (port: number | undefined): string => `127.0.0.1:${port}`;
  return { options, listeners: { tls: at(tls), mutualTls: at(mutualTls), sasl: at(sasl) } };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
