/** The life of a job: started, refused, drained, cancelled, terminated, looked after. */
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedStack } from '../support/stack.js';
import { eventually, hit, uniqueName, Weir } from '../support/weir.js';

const FIRST = Date.UTC(2026, 0, 1);

describe('a job', () => {
  let weir: Weir;
  beforeAll(async () => {
    weir = await Weir.on(sharedStack());
    await weir.startWorker();
  });
  afterAll(() => weir.close());

  const hits = (count: number, from = 0) =>
    Array.from({ length: count }, (_, i) => ({
      ...hit({ time: FIRST + (from + i) * 1000 }),
      partition: i % 2,
    }));
  const input = (topic: string) => ({ pipeline: 'hits', topic, size: '1m', delay: '5s', idle: 'off' });
  const statusOf = async (id: string) => (await weir.client.workflow.getHandle(id).describe()).status.name;
  const admin = async <T>(work: (admin: ReturnType<Kafka['admin']>) => Promise<T>): Promise<T> => {
    const client = new Kafka({ brokers: weir.kafka.brokers, logLevel: logLevel.NOTHING }).admin();
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.disconnect();
    }
  };

  it('with bad input fails at once and names every mistake', async () => {
    const handle = await weir.start(uniqueName('bad'), {
      pipeline: 'hitz',
      size: '5',
      delay: '-1s',
      idle: 'maybe',
      sizes: 1,
    });
    const failure = await handle.result().then(
      () => '',
      (error: { cause: Error }) => error.cause.message,
    );
    for (const mistake of ['pipeline:', 'size:', 'delay:', 'idle:', 'sizes'])
      expect(failure).toContain(mistake);
  });

  it('over a topic that does not exist fails at once', async () => {
    const handle = await weir.start(uniqueName('none'), { pipeline: 'hits', topic: 'no-such-topic' });
    await expect(handle.result()).rejects.toMatchObject({
      cause: { message: expect.stringContaining('no topic no-such-topic') },
    });
  });

  it('drains an empty topic, and by signal', async () => {
    const topic = await weir.topic(2);
    const name = uniqueName('hits');
    const handle = await weir.start(name, input(topic));
    await handle.signal('drain');
    expect(await handle.result()).toMatchObject({
      total: { read: 0 },
      partitions: [{ offset: 0 }, { offset: 0 }],
    });
  });

  it('closes all partitions at one common end: nothing stays unseen after a drain', async () => {
    const topic = await weir.topic(3);
    await weir.produce(topic, [
      { ...hit({ time: FIRST }), partition: 0 },
      { ...hit({ time: FIRST + 3_600_000 }), partition: 1 },
    ]);
    const name = uniqueName('hits');
    await weir.start(name, input(topic));
    await weir.committed(name, 2);
    expect(await weir.total(name)).toEqual({ rows: 0, hits: 0 });
    await weir.drain(name);
    expect(await weir.total(name)).toEqual({ rows: 2, hits: 2 });
    // What then comes with its end at or before the common end is late, also in the partition that had nothing.
    await weir.start(name, input(topic));
    await weir.produce(topic, [{ ...hit({ time: FIRST + 3_600_000 }), partition: 2 }]);
    await weir.committed(name, 3);
    await weir.drain(name);
    expect(await weir.rejected(name)).toMatchObject([{ partition: 2, offset: 0, reason: 'late' }]);
  });

  it('starts a partition again that was terminated', async () => {
    const topic = await weir.topic(2, hits(100));
    const name = uniqueName('hits');
    await weir.start(name, input(topic));
    await weir.committed(name, 100);
    await weir.client.workflow.getHandle(`${name}/1`).terminate('test');
    await weir.produce(topic, hits(100, 100));
    await weir.committed(name, 200);
    await weir.drain(name);
    expect((await weir.total(name)).hits).toBe(200);
  });

  it('goes on with a drain that a terminate of the job interrupted', async () => {
    const topic = await weir.topic(2, hits(100));
    const name = uniqueName('hits');
    const handle = await weir.start(name, input(topic));
    await weir.committed(name, 100);
    // One partition cannot reach its end, so the drain hangs.
    await weir.client.workflow.getHandle(`${name}/1`).terminate('test');
    await weir.client.workflow.getHandle(`${name}/0`).signal('drain', { until: 50 });
    await handle.terminate('test');
    const again = await weir.start(name, input(topic));
    expect(await again.result()).toMatchObject({ total: { read: 100, accepted: 100 } });
    expect((await weir.total(name)).hits).toBe(100);
  });

  it('reads up to the ends of the newer drain where an older one was left unfinished', async () => {
    const topic = await weir.topic(2, hits(100));
    const name = uniqueName('hits');
    const handle = await weir.start(name, input(topic));
    await weir.committed(name, 100);
    await weir.client.workflow.getHandle(`${name}/0`).signal('drain', { until: 50 });
    await handle.terminate('test');
    await weir.produce(topic, hits(100, 100));
    const again = await weir.start(name, input(topic));
    expect(await again.executeUpdate('drain')).toMatchObject({ endOffsets: { 0: 100, 1: 100 } });
    expect(await again.result()).toMatchObject({ total: { read: 200, accepted: 200 } });
    expect((await weir.total(name)).hits).toBe(200);
  });

  it('that is cancelled cancels its partitions, and goes on where it was when it is started again', async () => {
    const topic = await weir.topic(2, hits(100));
    const name = uniqueName('hits');
    const handle = await weir.start(name, input(topic));
    await weir.committed(name, 100);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    for (const partition of [0, 1]) {
      await eventually(
        'the partition to be cancelled',
        async () => (await statusOf(`${name}/${partition}`)) === 'CANCELLED',
      );
    }
    await weir.start(name, input(topic));
    await weir.drain(name);
    expect((await weir.total(name)).hits).toBe(100);
  });

  it('takes up partitions that the topic gains, from the line on', async () => {
    const topic = await weir.topic(2, hits(200));
    const name = uniqueName('hits');
    await weir.start(name, input(topic));
    await weir.committed(name, 200);
    await admin((client) => client.createPartitions({ topicPartitions: [{ topic, count: 3 }] }));
    await eventually(
      'the new partition to be registered',
      async () => (await weir.progress(name)).length === 3,
      70_000,
    );
    // The line is at 193 s: this one's window ended before it, the other's did not.
    await weir.produce(topic, [
      { ...hit({ time: FIRST }), partition: 2 },
      { ...hit({ time: FIRST + 190_000 }), partition: 2 },
    ]);
    await weir.committed(name, 202);
    await weir.drain(name);
    expect(await weir.rejected(name)).toMatchObject([{ partition: 2, offset: 0, reason: 'late' }]);
    expect((await weir.total(name)).hits).toBe(201);
  });

  it('drains a partition that the topic gained just before, too', async () => {
    const topic = await weir.topic(2, hits(100));
    const name = uniqueName('hits');
    await weir.start(name, input(topic));
    await weir.committed(name, 100);
    await admin((client) => client.createPartitions({ topicPartitions: [{ topic, count: 3 }] }));
    await weir.produce(topic, [{ ...hit({ time: FIRST + 100_000 }), partition: 2 }]);
    const handle = weir.client.workflow.getHandle(name);
    expect(await handle.executeUpdate('drain')).toMatchObject({ endOffsets: { 0: 50, 1: 50, 2: 1 } });
    expect(await handle.result()).toMatchObject({ total: { read: 101, accepted: 101 } });
    expect((await weir.total(name)).hits).toBe(101);
  });

  it('starts a partition again that dies while the job drains', async () => {
    const topic = await weir.topic(2, hits(100));
    const name = uniqueName('hits');
    const handle = await weir.start(name, input(topic));
    await weir.committed(name, 100);
    await weir.client.workflow.getHandle(`${name}/1`).terminate('test');
    await handle.signal('drain');
    // The first one waits for the other at the end; then that one is terminated again, at whatever it does.
    await weir.client.workflow
      .getHandle(`${name}/1`)
      .terminate('test')
      .catch(() => {});
    expect(await handle.result()).toMatchObject({ total: { read: 100 } });
    expect((await weir.total(name)).hits).toBe(100);
  });

  it('takes up a partition that was registered by an attempt whose answer was lost', async () => {
    const topic = await weir.topic(2, hits(100));
    const name = uniqueName('hits');
    await weir.start(name, input(topic));
    await weir.committed(name, 100);
    await weir.pool.query(
      'insert into weir.progress (job, partition, epoch, "offset", rebuild_from) values ($1, 2, 0, 0, 0)',
      [name],
    );
    await admin((client) => client.createPartitions({ topicPartitions: [{ topic, count: 3 }] }));
    await weir.produce(topic, [{ ...hit({ time: FIRST + 100_000 }), partition: 2 }]);
    await weir.committed(name, 101, 70_000);
    await weir.drain(name);
    expect((await weir.total(name)).hits).toBe(101);
  });

  it('stops a partition whose records were removed before they were read, and says which', async () => {
    const topic = await weir.topic(
      1,
      hits(100).map((each) => ({ ...each, partition: 0 })),
    );
    const name = uniqueName('hits');
    const handle = await weir.start(name, input(topic));
    await weir.committed(name, 100);
    await handle.terminate('test');
    await weir.client.workflow.getHandle(`${name}/0`).terminate('test');
    await weir.produce(
      topic,
      hits(10).map((each) => ({ ...each, partition: 0 })),
    );
    await admin(async (client) => {
      await client.fetchTopicOffsets(topic); // or kafkajs does not know the leader
      await client.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '105' }] });
    });

    await weir.start(name, input(topic));
    const partition = weir.client.workflow.getHandle(`${name}/0`);
    await eventually('the partition to fail', async () => (await statusOf(`${name}/0`)) === 'FAILED');
    await expect(partition.result()).rejects.toMatchObject({
      cause: { message: expect.stringMatching(/offset \d+ of .*105/) },
    });
    await weir.client.workflow.getHandle(name).terminate('test');

    // What retention removed can be skipped on demand: counted, never silently. 40 of them were in a window that was still open.
    await weir.start(name, { ...input(topic), onDataLoss: 'skip' });
    await weir.committed(name, 105);
    await weir.drain(name);
    const { rows } = await weir.pool.query('select read, skipped from weir.progress where job = $1', [name]);
    expect(rows).toEqual([{ read: 105, skipped: 45 }]);
  });
});
