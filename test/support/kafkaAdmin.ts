import kafkajs from 'kafkajs';
import type { KafkaConfig } from '../../src/io/kafka/config.js';

/** What tests do to a cluster that weir never does; connected. */
export async function connectAdmin({ brokers }: KafkaConfig): Promise<kafkajs.Admin> {
  const admin = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  return admin;
}
