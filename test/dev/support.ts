import { randomUUID } from 'node:crypto';

import { Client, Connection } from '@temporalio/client';
import kafkajs from 'kafkajs';
import { Client as Postgres } from 'pg';
import { vi } from 'vitest';

import type { Stack } from '../../src/dev/stack.js';

/** Something written to a server, and how to see that it is still there. */
export interface Written {
  isThere(): Promise<boolean>;
}

export type ServiceName = 'kafka' | 'temporal' | 'postgres';

/** Writes one thing to that server of the stack. */
export function writeTo(stack: Stack, name: ServiceName): Promise<Written> {
  const { address } = stack[name];
  return { kafka: produce, temporal: startWorkflow, postgres: insert }[name](address);
}

async function produce(address: string): Promise<Written> {
  const topic = `t-${randomUUID()}`;
  const kafka = new kafkajs.Kafka({ brokers: [address], logLevel: kafkajs.logLevel.NOTHING });
  await using(kafka.admin(), async (admin) => admin.createTopics({ topics: [{ topic, numPartitions: 1 }] }));
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  await using(producer, async () => producer.send({ topic, acks: -1, messages: [{ value: 'x' }] }));
  return {
    isThere: () =>
      using(kafka.admin(), async (admin) => {
        const topics = await admin.listTopics();
        return topics.includes(topic) && (await admin.fetchTopicOffsets(topic))[0]?.high === '1';
      }),
  };
}

async function using<C extends { connect(): Promise<void>; disconnect(): Promise<void> }, T>(
  client: C,
  work: (client: C) => Promise<T>,
): Promise<T> {
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.disconnect();
  }
}

async function startWorkflow(address: string): Promise<Written> {
  const workflowId = randomUUID();
  const withClient = async <T>(work: (client: Client) => Promise<T>) => {
    const connection = await Connection.connect({ address });
    try {
      return await work(new Client({ connection }));
    } finally {
      await connection.close();
    }
  };
  await withClient((client) => client.workflow.start('nothing', { taskQueue: 'nobody', workflowId }));
  return {
    isThere: () =>
      withClient(
        async (client) => (await client.workflow.getHandle(workflowId).describe()).status.name === 'RUNNING',
      ),
  };
}

async function insert(connectionString: string): Promise<Written> {
  const table = `t_${randomUUID().replaceAll('-', '')}`;
  const query = async (sql: string) => {
    const client = new Postgres({ connectionString });
    await client.connect();
    try {
      return await client.query(sql);
    } finally {
      await client.end();
    }
  };
  await query(`create table ${table} as select 1 as n`);
  return { isThere: async () => (await query(`select n from ${table}`)).rowCount === 1 };
}

/** Resolves when no process of these is left. */
export async function allGone(pids: readonly number[]): Promise<void> {
  await vi.waitFor(
    () => {
      const left = pids.filter(isAlive);
      if (left.length > 0) throw new Error(`still there: ${left.join(', ')}`);
    },
    { timeout: 10_000 },
  );
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
