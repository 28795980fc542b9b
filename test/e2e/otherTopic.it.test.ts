/** A topic that is deleted and made again by the same name is another one: nothing of it is counted as if it were the old one. */
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureTopic } from '../../src/io/kafka/createTopic.js';
import { createTopicAdmin } from '../../src/io/kafka/topics.js';
import { sharedStack } from '../support/stack.js';
import { eventually, hit, uniqueName, Weir } from '../support/weir.js';

const FIRST = Date.UTC(2026, 0, 1);

describe('a topic made again by the same name', () => {
  let weir: Weir;
  beforeAll(async () => {
    weir = await Weir.on(sharedStack());
    await weir.startWorker();
  });
  afterAll(() => weir.close());

  const records = (count: number, host: string, partitions = 1) =>
    Array.from({ length: count }, (_, i) => ({
      ...hit({ time: FIRST + i * 1000, host }),
      partition: i % partitions,
    }));
  const input = (topic: string) => ({ pipeline: 'hits', topic, size: '1m', delay: '5s', idle: 'off' });

  /** With more records in it than have been read of the old one, so that every offset of a job is in it. */
  async function makeAgain(topic: string, partitions = 1): Promise<{ from: string; to: string }> {
    const topics = createTopicAdmin(weir.kafka);
    const from = (await topics.describe(topic))!.id!;
    const admin = new Kafka({ brokers: weir.kafka.brokers, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [topic] });
    await admin.disconnect();
    await ensureTopic(weir.kafka, { topic, partitions });
    await weir.produce(topic, records(200, 'new', partitions));
    const to = (await topics.describe(topic))!.id!;
    await topics.close();
    expect(to).not.toBe(from);
    return { from, to };
  }

  const failureOf = (id: string) =>
    weir.client.workflow
      .getHandle(id)
      .result()
      .then(
        () => null,
        (error: { cause: { type: string; message: string } }) => error.cause,
      );
  const told = ({ from, to }: { from: string; to: string }): RegExp =>
    new RegExp(`its id is ${to} now, and the job has read the one with id ${from}.* another workflow id`);
  const hosts = async (name: string) => new Set((await weir.view(name)).map(({ host }) => host));

  it('is refused when the job is started again; who knows that it holds the same records can accept it', async () => {
    const topic = await weir.topic(1, records(100, 'old'));
    const name = uniqueName('hits');
    await weir.start(name, input(topic));
    await weir.committed(name, 100);
    await weir.drain(name);
    const total = await weir.total(name);
    const ids = await makeAgain(topic);
    await weir.start(name, input(topic));
    expect(await failureOf(name)).toMatchObject({
      type: 'OtherTopic',
      message: expect.stringMatching(told(ids)),
    });
    expect(await weir.total(name)).toEqual(total);

    await weir.pool.query('update weir.job set topic_id = null where name = $1', [name]);
    await weir.start(name, input(topic));
    await weir.committed(name, 200);
    await weir.drain(name);
    const { rows } = await weir.pool.query('select topic_id from weir.job where name = $1', [name]);
    expect(rows).toEqual([{ topic_id: ids.to }]);
  });

  it.each([
    { what: 'a job that counts', partitions: 1, asJob: input },
    {
      what: 'a job that regroups',
      partitions: 2,
      asJob: (topic: string) => ({ pipeline: 'sessions', topic, idle: 'off' }),
    },
  ])('stops $what while it runs, and says so', async ({ partitions, asJob }) => {
    const topic = await weir.topic(partitions, records(100, 'old', partitions));
    const name = uniqueName('job');
    await weir.start(name, asJob(topic));
    const { length: members } = await eventually('all to be read', async () => {
      const progress = await weir.progress(name);
      return progress.reduce((sum, { read }) => sum + read, 0) >= 100 && progress;
    });
    expect(members).toBe(partitions === 1 ? 1 : 4);
    const ids = await makeAgain(topic, partitions);
    expect(await failureOf(`${name}/0`)).toMatchObject({
      type: 'OtherTopic',
      message: expect.stringMatching(told(ids)),
    });
    const { trouble } = await eventually('the job to say so', async () => {
      const shown = await weir.client.workflow.getHandle(name).query<{ trouble: string | null }>('progress');
      return shown.trouble?.includes(ids.to) ? shown : null;
    });
    expect(trouble).toMatch(told(ids));
    expect((await weir.progress(name)).reduce((sum, { read }) => sum + read, 0)).toBe(100);
    expect(await hosts(name)).not.toContain('new');
    const handle = weir.client.workflow.getHandle(name);
    expect((await handle.describe()).status.name).toBe('RUNNING');
    await handle.terminate('test');
  });
});
