/** A partition that holds very many sessions open, and what ends in that state: the worker, the workflows. A stack of its own. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OutgoingRecord } from '../../src/io/kafka/writer.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { eventually, uniqueName, Weir } from '../support/weir.js';

const VISITORS = 100_000;
const GAP_MS = 600_000;
const FIRST = Date.UTC(2026, 0, 1);

describe('100,000 sessions open at once in one partition', () => {
  let stack: TestStack;
  let weir: Weir;
  let topic: string;
  /** By ip: first and last event, and how many. Counted while they are made. */
  const expected = new Map<string, [first: number, last: number, events: number]>();
  let made = 0;

  beforeAll(async () => {
    stack = await startTestStack('open');
    weir = await Weir.on({
      kafkaUrl: stack.kafka.address,
      temporalAddress: stack.temporal.address,
      postgresUrl: stack.postgres.address,
    });
    topic = await weir.topic(1);
    await weir.produce(
      topic,
      Array.from({ length: VISITORS }, (_, visitor) => visit(visitor)),
    );
    await weir.startWorker();
  });
  afterAll(async () => {
    await weir.close();
    await stack.remove();
  });

  /** The next event, a millisecond after the one before: all within the gap. */
  function visit(visitor: number): OutgoingRecord {
    const ip = `10.${visitor >> 16}.${(visitor >> 8) & 255}.${visitor & 255}`;
    const time = FIRST + made++;
    const [first, , events] = expected.get(ip) ?? [time, time, 0];
    expected.set(ip, [first, time, events + 1]);
    const user_agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0';
    const event_time = new Date(time).toISOString();
    return { key: ip, value: JSON.stringify({ user_id: null, ip, user_agent, host: 'h', event_time }) };
  }

  /** Some more events of visitors whose sessions are open, and waits until they are committed. */
  async function goOn(name: string): Promise<void> {
    await weir.produce(
      topic,
      Array.from({ length: 1000 }, (_, i) => visit(i * 97)),
    );
    await weir.committed(name, made, 60_000);
  }

  async function rowsOf(name: string): Promise<[string, [number, number, number]][]> {
    const { rows } = await weir.pool.query<[string, number, number, number]>({
      rowMode: 'array',
      text: `select ip, weir.millis(session_start), weir.millis(session_end), event_count from user_sessions where job = $1`,
      values: [name],
    });
    return rows.map(([ip, first, last, events]) => [ip, [first, last, events]]);
  }

  it(
    'gives the same rows when its worker is killed, when its workflows are terminated, and when it has continued as new',
    { timeout: 180_000 },
    async () => {
      const name = uniqueName('sessions');
      const input = { pipeline: 'sessions', topic, gap: `${GAP_MS}ms`, idle: 'off' };
      await weir.start(name, input);
      await weir.committed(name, made, 60_000);

      await weir.stopWorker('SIGKILL');
      await weir.startWorker();
      await goOn(name);

      for (const id of [name, `${name}/0`]) await weir.client.workflow.getHandle(id).terminate('test');
      await weir.start(name, input);
      await goOn(name);

      // Another linger: the partition continues as new with all of it.
      const partition = weir.client.workflow.getHandle(`${name}/0`);
      const { runId } = await partition.describe();
      await weir.client.workflow.getHandle(name).terminate('test');
      await weir.start(name, { ...input, linger: '50ms' });
      await eventually('the next run', async () => (await partition.describe()).runId !== runId);
      await weir.stopWorker('SIGKILL');
      await weir.startWorker();
      await goOn(name);

      expect(await rowsOf(name)).toEqual([]); // all of them were open all the time
      await weir.drain(name);
      const rows = await rowsOf(name);
      expect(rows).toHaveLength(VISITORS);
      const wrong = rows.filter(([ip, row]) => String(row) !== String(expected.get(ip)));
      expect(wrong.slice(0, 3)).toEqual([]);
    },
  );
});
