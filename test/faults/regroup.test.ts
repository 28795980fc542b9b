/**
 * A job that regroups, while workers, Kafka and Temporal are killed at random, all its workflows are terminated and it is started again,
 * and its workers are away for a while: its sessions are those of a plain pass over the topic. The seed is printed; WEIR_SEED sets it.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/cli/generate/random.js';
import { sessionsOfJob, sessionsOfTopic } from '../support/regroupedTopic.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { eventually, uniqueName, Weir } from '../support/weir.js';

const SOURCES = 8;
const TARGETS = 3;
const START = Date.UTC(2026, 0, 1);
const RECORDS = 12_000;

describe('a regrouping whose servers and workers are killed', () => {
  const seed = Number(process.env['WEIR_SEED'] ?? Date.now() % 1_000_000);
  const random = seededRandom(seed);
  let stack: TestStack;
  let weir: Weir;

  beforeAll(async () => {
    stack = await startTestStack('regroup');
    weir = await Weir.on({
      kafkaUrl: stack.kafka.address,
      temporalAddress: stack.temporal.address,
      postgresUrl: stack.postgres.address,
    });
  });
  afterAll(async () => {
    await weir.close();
    await stack.remove();
  });

  it('loses nothing, doubles nothing and goes on', { timeout: 240_000 }, async () => {
    console.log(`regroup: WEIR_SEED=${seed}`);
    const topic = await weir.topic(
      SOURCES,
      Array.from({ length: RECORDS }, (_, i) => {
        const event_time = new Date(START + i * 1000 - random.below(20_000)).toISOString();
        const visitor = { user_id: `u${random.below(60)}`, ip: '192.0.2.1', host: `h${random.below(5)}` };
        return {
          key: null,
          value: JSON.stringify({ ...visitor, event_time }),
          partition: random.below(SOURCES),
        };
      }),
    );
    const name = uniqueName('sessions');
    // Small batches: it is in the middle of catching up all the time.
    const input = {
      pipeline: 'sessions',
      topic,
      gap: '1m',
      delay: '5s',
      parallelism: TARGETS,
      maxBatchEvents: 20,
      idle: 'off',
    };
    await weir.startWorker(2);
    await weir.start(name, input);
    const ids = [
      name,
      ...Array.from({ length: SOURCES }, (_, source) => `${name}/${source}`),
      ...Array.from({ length: TARGETS }, (_, target) => `${name}/target-${target}`),
    ];
    // One that was terminated just before may not have been started again.
    const terminated = (id: string) =>
      weir.client.workflow
        .getHandle(id)
        .terminate('test')
        .catch(() => undefined);
    const read = async () => (await weir.progress(name)).reduce((sum, each) => sum + each.read, 0);
    const kills: [what: string, kill: () => Promise<void>][] = [
      [
        'workers',
        async () => {
          await weir.stopWorker('SIGKILL');
          await weir.startWorker(2);
        },
      ],
      [
        'workers, away for 3 s',
        async () => {
          await weir.stopWorker('SIGKILL');
          await new Promise((resolve) => setTimeout(resolve, 3000));
          await weir.startWorker(2);
        },
      ],
      ...[stack.kafka, stack.temporal].map((server): [string, () => Promise<void>] => [
        server.name,
        async () => {
          await server.kill();
          await server.restart();
        },
      ]),
      [
        'workflows',
        async () => {
          for (const id of ids) await terminated(id);
          await weir.start(name, input);
        },
      ],
      [
        'targets',
        async () => {
          for (const id of ids.slice(1 + SOURCES)) await terminated(id);
        },
      ],
    ];
    const order = kills.map((kill) => ({ kill, at: random.share() })).sort((a, b) => a.at - b.at);
    const times: string[] = [];
    let before = 0;
    for (const {
      kill: [what, kill],
    } of order) {
      const from = before;
      before = await eventually(
        `some to be read before ${what} are killed`,
        async () => {
          const now = await read();
          return (now > from || now === RECORDS) && now;
        },
        60_000,
      );
      times.push(`${what} at ${before}`);
      await kill();
    }
    console.log(`regroup: killed ${times.join(', ')}`);
    await weir.committed(name, RECORDS, 120_000);
    const expected = await sessionsOfTopic(weir.kafka, topic, { gapMs: 60_000, delayMs: 5000 });
    expect(await weir.drain(name)).toMatchObject({ total: { read: RECORDS, accepted: expected.accepted } });
    const found = await sessionsOfJob(weir.pool, name);
    expect(found.length).toBeGreaterThan(1000);
    expect(found).toEqual(expected.sessions);
  });
});
