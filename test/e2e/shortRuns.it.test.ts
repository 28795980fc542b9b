/** A run ends long before Temporal suggests it: whoever takes a partition over repeats all that its run did (docs/architecture.md). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedStack } from '../support/stack.js';
import { eventually, hit, uniqueName, Weir } from '../support/weir.js';

const FIRST = Date.UTC(2026, 0, 1);
/** src/workflows/partitionRun.ts */
const SHORT_RUN_EVENTS = 200;
/** Those of the batch that is under way then, and of its commit. */
const UNDER_WAY = 20;

describe('a run of a partition', () => {
  let weir: Weir;
  beforeAll(async () => {
    weir = await Weir.on(sharedStack());
    await weir.startWorker();
  });
  afterAll(() => weir.close());

  it('ends after some two hundred events', async () => {
    const hits = Array.from({ length: 1500 }, (_, i) =>
      hit({ time: FIRST + i * 1000, referrer: `r${i % 3}` }),
    );
    const topic = await weir.topic(1, hits);
    const name = uniqueName('hits');
    await weir.start(name, { pipeline: 'hits', topic, size: '1m', idle: 'off', maxBatchEvents: 20 });
    await weir.drain(name);
    expect((await weir.total(name)).hits).toBe(hits.length);
    const lengths = await lengthsOf(`${name}/0`);
    // 75 batches, of some seven events each. A drain may end any run.
    const ended = lengths.filter((length) => length >= SHORT_RUN_EVENTS);
    expect(ended.length).toBeGreaterThanOrEqual(2);
    expect(Math.max(...lengths)).toBeLessThan(SHORT_RUN_EVENTS + UNDER_WAY);
  });

  it('hands on what it has seen rejected: a share that no run sees as a whole pauses the partition all the same', async () => {
    const bad = Array.from({ length: 3000 }, () => ({ key: null, value: '{' }));
    const topic = await weir.topic(1, bad);
    const name = uniqueName('hits');
    await weir.start(name, { pipeline: 'hits', topic, size: '1m', idle: 'off', maxBatchEvents: 20 });
    const partition = weir.client.workflow.getHandle(`${name}/0`);
    await eventually('the partition to pause', async () => {
      const { phase, read } = await partition.query<{ phase: string; read: number }>('progress');
      return phase === 'paused' || read === bad.length;
    });
    // More than 10 % of 10,000, with the first batch that makes it so. A run has some 30 batches.
    expect((await weir.progress(name)).map(({ read }) => read)).toEqual([1020]);
  });

  it('goes on where it would hand on more than it has left in history', async () => {
    const visits = Array.from({ length: 8000 }, (_, i) => visit(i, `10.0.${i >> 8}.${i & 255}`));
    const few = Array.from({ length: 60 }, (_, i) => visit(8000 + i, '10.9.9.9'));
    const topic = await weir.topic(1, visits);
    const name = uniqueName('sessions');
    const rules = { gap: '12h', delay: '1h', partitionedBy: 'key', idle: 'off' };
    await weir.start(name, { pipeline: 'sessions', topic, ...rules });
    await weir.committed(name, visits.length);
    // The next run begins with 8,000 sessions, and reads record after record.
    const config = await weir.jobOf(name);
    await weir.client.workflow.getHandle(`${name}/0`).signal('configure', { ...config, maxBatchEvents: 1 });
    await weir.produce(topic, few);
    await weir.committed(name, visits.length + few.length);
    expect(Math.max(...(await lengthsOf(`${name}/0`)))).toBeGreaterThan(SHORT_RUN_EVENTS + UNDER_WAY);
    await weir.drain(name);
  });

  const visit = (second: number, ip: string) => ({
    key: ip,
    value: JSON.stringify({ ip, event_time: new Date(FIRST + second * 1000).toISOString() }),
  });

  /** Events of each of its runs. */
  async function lengthsOf(id: string): Promise<number[]> {
    const handle = weir.client.workflow.getHandle(id);
    const { runId } = await handle.describe();
    const runs = await eventually('the newest run to be listed', async () => {
      const listed: string[] = [];
      for await (const run of weir.client.workflow.list({ query: `WorkflowId = "${id}"` }))
        listed.push(run.runId);
      return listed.includes(runId) && listed;
    });
    const described = runs.map(async (each) => weir.client.workflow.getHandle(id, each).describe());
    return (await Promise.all(described)).map(({ historyLength }) => historyLength);
  }
});
