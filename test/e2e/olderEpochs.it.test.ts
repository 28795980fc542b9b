/** What is left in Kafka of a regrouping's epochs that a replay has ended: nothing, once nobody needs it (docs/operations.md, the internal topic). */
import type kafkajs from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/cli/generate/random.js';
import { ensureTopic } from '../../src/io/kafka/createTopic.js';
import { internalTopic } from '../../src/io/kafka/internalTopic.js';
import { connectAdmin } from '../support/kafkaAdmin.js';
import { sessionsOfJob } from '../support/regroupedTopic.js';
import { sharedStack } from '../support/stack.js';
import { eventually, uniqueName, Weir } from '../support/weir.js';

const SEED = Number(process.env['WEIR_SEED'] ?? Date.now() % 1_000_000);
const FIRST = Date.UTC(2026, 0, 1);
/** A job looks after its partitions once a minute at the latest. */
const LOOKS_MS = 90_000;

describe('the internal topics of older epochs', () => {
  let weir: Weir;
  let admin: kafkajs.Admin;
  beforeAll(async () => {
    console.log(`older epochs: WEIR_SEED=${SEED}`);
    weir = await Weir.on(sharedStack());
    await weir.startWorker();
    admin = await connectAdmin(weir.kafka);
  });
  afterAll(async () => {
    await admin.disconnect();
    await weir.close();
  });

  it('are deleted when their replay is over and not before, and never those of other jobs', async () => {
    const random = seededRandom(SEED);
    const records = Array.from({ length: 3000 }, (_, i) => ({
      key: null,
      value: JSON.stringify({
        user_id: `u${random.below(40)}`,
        ip: '192.0.2.1',
        event_time: new Date(FIRST + i * 1500).toISOString(),
      }),
      partition: random.below(2),
    }));
    const topic = await weir.topic(2, records);
    const name = uniqueName('epochs');
    const handle = weir.client.workflow.getHandle(name);
    const epoch = (number: number): string => internalTopic(name, number);
    // Of jobs whose names begin or end as this one's does, and of an epoch that is to come.
    const others = [
      internalTopic(`${name}.0`, 0),
      internalTopic(`${name}0`, 0),
      internalTopic(`x.${name}`, 0),
      epoch(9),
    ];
    for (const other of others)
      await ensureTopic(weir.kafka, { topic: other, partitions: 1, internal: true });
    const there = async (): Promise<string[]> =>
      (await admin.listTopics()).filter((each) => each.includes(name)).sort();
    const only = (...numbers: number[]): string[] => [...others, ...numbers.map(epoch)].sort();

    await weir.start(name, {
      pipeline: 'sessions',
      topic,
      gap: '1m',
      delay: '5s',
      parallelism: 2,
      idle: 'off',
    });
    await weir.committed(name, records.length);
    await eventually('the targets to have written', async () => {
      const { rows } = await weir.pool.query(
        'select min(watermark) > $2 as done from weir.progress where job = $1 and stage = 2 having count(watermark) = 2',
        [name, new Date(FIRST + 4_000_000)],
      );
      return rows[0]?.done === true;
    });
    const before = await sessionsOfJob(weir.pool, name);

    // A replay that is not over: the job was looked after in its epoch, and the older topic stays.
    await handle.executeUpdate('pause');
    await handle.executeUpdate('replay', { args: [{ from: FIRST }] });
    await eventually(
      'the job to see its replay',
      async () => {
        const { partitions } = await handle.query<{ partitions: { stage?: number; replaying?: true }[] }>(
          'progress',
        );
        return partitions.some(({ stage, replaying }) => stage === 2 && replaying);
      },
      LOOKS_MS,
    );
    expect(await there()).toEqual(only(0, 1));
    // Two more that wait for each other, and a worker that is killed.
    await Promise.all(
      [1, 2].map(() => handle.executeUpdate('replay', { args: [{ from: FIRST + 1_800_000 }] })),
    );
    expect(await there()).toEqual(only(0, 1, 2, 3));
    await handle.executeUpdate('resume');
    await weir.stopWorker('SIGKILL');
    await weir.startWorker();
    await eventually(
      'older topics to be deleted',
      async () => JSON.stringify(await there()) === JSON.stringify(only(3)),
      LOOKS_MS,
    );
    expect(await sessionsOfJob(weir.pool, name)).toEqual(before);

    // What is left is enough to go on with, and to be replayed again.
    await handle.executeUpdate('replay', { args: [{ from: FIRST }] });
    await weir.drain(name);
    const fresh = uniqueName('fresh');
    await weir.start(fresh, {
      pipeline: 'sessions',
      topic,
      gap: '1m',
      delay: '5s',
      parallelism: 2,
      idle: 'off',
    });
    await weir.committed(fresh, records.length);
    await weir.drain(fresh);
    expect(await sessionsOfJob(weir.pool, name)).toEqual(await sessionsOfJob(weir.pool, fresh));
  }, 300_000);
});
