/**
 * A worker that stood still in the middle of a batch while another one took over wakes up and changes nothing (docs/semantics.md, commit):
 * its commit is fenced, and what it publishes is dropped. It comes to Postgres as a user of its own, so that its statements can be held.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { decodeMessage } from '../../src/activities/regroupMessage.js';
import { createKafkaReader } from '../../src/io/kafka/kafkaReader.js';
import { internalTopic } from '../../src/io/kafka/internalTopic.js';
import { createTopicAdmin } from '../../src/io/kafka/topics.js';
import type { OutgoingRecord } from '../../src/io/kafka/writer.js';
import { closeGate, makePlace, makeProgressGates, progressGate, type Gate } from '../support/gate.js';
import { sessionsOfJob, sessionsOfTopic } from '../support/regroupedTopic.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { eventually, hit, uniqueName, Weir } from '../support/weir.js';

const PARTITIONS = 2;
/** Records of a third of the log in each partition. */
const THIRD = 400;
const FIRST = Date.UTC(2026, 0, 1);
const STALE = 'stale';
/** Each poller of a worker that stands still may take a task, which is given to another one when its time is over. */
const LIMIT_MS = 120_000;

describe('a worker that stood still while another one took over', () => {
  let stack: TestStack;
  let stale: Weir;
  let other: Weir;

  beforeAll(async () => {
    stack = await startTestStack('stale');
    const addresses = {
      kafkaUrl: stack.kafka.address,
      temporalAddress: stack.temporal.address,
      postgresUrl: stack.postgres.address,
    };
    stale = await Weir.on(addresses);
    other = await Weir.on(addresses);
    await stale.pool.query(`create role ${STALE} superuser login`);
    await makeProgressGates(stale.pool);
    // Before any row is locked: others can go on.
    await makePlace(stale.pool, {
      event: `before update on weir.progress for each statement when (current_user = '${STALE}')`,
      gate: `'update'`,
    });
    await makePlace(stale.pool, {
      event: `after update on weir.progress for each row
        when (current_user = '${STALE}' and old.pending is null and new.pending is not null)`,
      gate: `'pending'`,
    });
  });
  afterEach(async () => {
    await Promise.all(gates.splice(0).map((gate) => gate.open()));
    await stale.stopWorker('SIGKILL');
    await other.stopWorker();
  });
  afterAll(async () => {
    await Promise.all([stale.close(), other.close()]);
    await stack.remove();
  });

  const gates: Gate[] = [];
  const close = async (name: string): Promise<Gate> => {
    const gate = await closeGate(stale.pool, stack.postgres.address, name);
    gates.push(gate);
    return gate;
  };
  const startStale = () => stale.startWorker(1, { POSTGRES_USER: STALE, LOG_LEVEL: 'debug' });
  /** The other one works for the same jobs. */
  const startOther = () => other.startWorker(1, { WEIR_TASK_QUEUE: stale.taskQueue });
  /** Lets it wake up, and resolves with what its log says of its commit. */
  async function wokenUp(gate?: Gate): Promise<string> {
    const { length } = await stale.workerLog();
    stale.signalWorker('SIGCONT');
    await gate?.open();
    return eventually('the outcome of its commit in its log', async () => {
      const later = (await stale.workerLog()).slice(length);
      return /^.*\bcommitted .*\n/m.exec(later)?.[0] ?? null;
    });
  }

  /** A second of event time from one record to the next; some are late. */
  const third = (which: number): OutgoingRecord[] =>
    Array.from({ length: PARTITIONS * THIRD }, (_, i) => {
      const place = which * THIRD + Math.floor(i / PARTITIONS);
      const time = FIRST + (place % 41 === 40 ? place - 180 : place) * 1000;
      return { ...hit({ time, referrer: `r${place % 5}` }), partition: i % PARTITIONS };
    });
  const input = (topic: string) => ({
    pipeline: 'hits',
    topic,
    size: '1m',
    delay: '5s',
    idle: 'off',
    maxBatchEvents: 40,
  });
  interface Job {
    name: string;
    topic: string;
  }
  /** Of everything: late records are older than the first one. */
  const replay = (name: string) =>
    stale.client.workflow
      .getHandle(name)
      .executeUpdate('replay', { args: [{ from: FIRST - 3_600_000, lookBack: '0s' }] });
  const replayed = (name: string) =>
    eventually(
      'the replay to be over',
      async () => {
        const { rows } = await stale.pool.query(
          `select bool_and("offset" >= (rewrite ->> 'untilOffset')::bigint) as done from weir.progress where job = $1 and epoch = 1`,
          [name],
        );
        return rows[0].done as boolean | null;
      },
      LIMIT_MS,
    );
  const allCommitted = ({ name }: Job, thirds: number) =>
    stale.committed(name, thirds * PARTITIONS * THIRD, LIMIT_MS);

  /** Reads on, and is held in its next commit. */
  async function holdPlainCommit({ topic }: Job): Promise<Gate> {
    const gate = await close('update');
    await stale.produce(topic, third(1));
    await gate.reached();
    return gate;
  }

  /** Is held in a commit that replaces results. */
  async function holdReplayCommit(job: Job): Promise<Gate> {
    await stale.produce(job.topic, third(1));
    await allCommitted(job, 2);
    const inItsMiddle = await close(progressGate.commit(job.name, 1, { epoch: 1, number: 2 }));
    await replay(job.name);
    await inItsMiddle.reached();
    const gate = await close('update');
    await inItsMiddle.open();
    await gate.reached();
    return gate;
  }

  it.each<[string, (job: Job) => Promise<Gate>, (job: Job) => Promise<unknown>]>([
    ['its commit', holdPlainCommit, (job) => allCommitted(job, 2)],
    ['its commit of a replay', holdReplayCommit, ({ name }) => replayed(name)],
    [
      'its commit, that a replay has made nobody’s',
      holdPlainCommit,
      async (job) => {
        await allCommitted(job, 2);
        await replay(job.name);
        await replayed(job.name);
      },
    ],
  ])('changes nothing with %s', { timeout: 300_000 }, async (...[, hold, goOn]) => {
    await startStale();
    const topic = await stale.topic(PARTITIONS, third(0));
    const job = { name: uniqueName('hits'), topic };
    await stale.start(job.name, input(topic));
    await allCommitted(job, 1);
    const gate = await hold(job);
    stale.signalWorker('SIGSTOP');
    await startOther();
    await goOn(job);

    const before = await standing(job.name);
    const outcome = await wokenUp(gate);
    expect(await standing(job.name)).toEqual(before);
    expect(outcome).toMatch(/not committed .*fenced=true/);

    const fresh = { name: uniqueName('fresh'), topic };
    await stale.produce(topic, third(2));
    await stale.start(fresh.name, input(topic));
    await allCommitted(fresh, 3);
    await Promise.all([stale.drain(job.name), stale.drain(fresh.name)]);
    const expected = await standing(fresh.name);
    expect(expected.rejected.length).toBeGreaterThan(20);
    expect(await standing(job.name)).toEqual(expected);
  });

  /** Rows and how far the newest epoch is; without what differs between one job and the next. */
  async function standing(job: string): Promise<Record<'hits' | 'rejected' | 'progress', object[]>> {
    const read = async (query: string): Promise<object[]> =>
      (await stale.pool.query(query, [job])).rows as object[];
    return {
      hits: await read(
        `select partition, window_start, host, referrer, num_hits from weir.hit_counts where job = $1
         order by partition, window_start, host, referrer`,
      ),
      rejected: await read(
        `select partition, "offset", reason from weir.rejected where job = $1 order by partition, "offset"`,
      ),
      progress: await read(
        `select partition, "offset", watermark, read, accepted, late, rejected from weir.progress
         where job = $1 and epoch = (select epoch from weir.job where name = $1) order by partition`,
      ),
    };
  }

  it('changes nothing with messages of a regrouping: targets drop them', { timeout: 300_000 }, async () => {
    const sources = 3;
    const visits = (which: number): OutgoingRecord[] =>
      Array.from({ length: sources * THIRD }, (_, i) => {
        const event_time = new Date(FIRST + (which * sources * THIRD + i) * 1500).toISOString();
        const visitor = { user_id: `u${(i * 7) % 31}`, ip: '192.0.2.1', host: `h${i % 3}` };
        return { key: null, value: JSON.stringify({ ...visitor, event_time }), partition: i % sources };
      });
    await startStale();
    const topic = await stale.topic(sources, visits(0));
    const name = uniqueName('sessions');
    await stale.start(name, {
      pipeline: 'sessions',
      topic,
      gap: '1m',
      delay: '5s',
      parallelism: 2,
      idle: 'off',
      maxBatchEvents: 40,
    });
    await stale.committed(name, sources * THIRD);

    // It has written down what it is about to publish, and does not know yet that it has.
    const gate = await close('pending');
    await stale.produce(topic, visits(1));
    await gate.reached();
    stale.signalWorker('SIGSTOP');
    await gate.open();
    await startOther();
    await stale.committed(name, 2 * sources * THIRD, LIMIT_MS);
    expect(await staleMessages(internalTopic(name, 0))).toEqual([]);

    expect(await wokenUp()).toMatch(/not committed .*fenced=true/);
    expect(await staleMessages(internalTopic(name, 0))).not.toEqual([]);
    await stale.produce(topic, visits(2));
    await stale.committed(name, 3 * sources * THIRD, LIMIT_MS);
    await stale.drain(name);
    const expected = await sessionsOfTopic(stale.kafka, topic, { gapMs: 60_000, delayMs: 5000 });
    expect(expected.accepted).toBe(3 * sources * THIRD);
    expect(await sessionsOfJob(stale.pool, name)).toEqual(expected.sessions);
  });

  /** Messages that come behind a later one of their source. */
  async function staleMessages(topic: string): Promise<string[]> {
    const found: string[] = [];
    const admin = createTopicAdmin(stale.kafka);
    const { partitions } = (await admin.describe(topic))!;
    await admin.close();
    for (const { partition, startOffset, endOffset } of partitions) {
      const reader = createKafkaReader({ ...stale.kafka, topic, partition });
      const latest = new Map<number, number>();
      for (let offset = startOffset; offset < endOffset;) {
        const { records } = await reader.fetch({ offset, maxWaitMs: 1000, maxBytes: 1_000_000 });
        while (records.next()) {
          const { source, number } = decodeMessage(records.value()!);
          if (number < (latest.get(source) ?? 0)) found.push(`${source}: ${number} to ${partition}`);
          else latest.set(source, number);
        }
        offset = records.nextOffset;
      }
      await reader.close();
    }
    return found;
  }
});
