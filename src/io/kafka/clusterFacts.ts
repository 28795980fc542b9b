import kafkajs, { type Admin } from 'kafkajs';
import type { KafkaConfig } from './config.js';
import { connected, producerClient } from './producerClient.js';

/** Settings of a topic by their names in Kafka (`retention.ms`), those it has from the broker, too. */
export async function topicSettings(config: KafkaConfig, topic: string): Promise<Map<string, string>> {
  return withAdmin(config, async (admin) => {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic }],
    });
    const entries = resources.flatMap(({ configEntries }) => configEntries);
    return new Map(entries.map(({ configName, configValue }) => [configName, configValue]));
  });
}

/** How many brokers the cluster has by now. */
export function brokerCount(config: KafkaConfig): Promise<number> {
  return withAdmin(config, async (admin) => (await admin.describeCluster()).brokers.length);
}

async function withAdmin<T>(config: KafkaConfig, ask: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = producerClient(config).admin();
  await connected(config, () => admin.connect());
  try {
    return await ask(admin);
  } finally {
    await admin.disconnect();
  }
}
