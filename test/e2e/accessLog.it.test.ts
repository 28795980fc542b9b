/** The real access log of ../shared/data, by the way a person takes: `weir import`, the temporal CLI, `drain`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedStack } from '../support/stack.js';
import { uniqueName, Weir } from '../support/weir.js';

const LOG = join(import.meta.dirname, '../../../shared/data/apache_logs.log');
const there = existsSync(LOG);
if (!there)
  console.log(`skipped, since ${LOG} is absent: the access log through Kafka, Temporal and Postgres`);

describe.skipIf(!there)('the access log', () => {
  let weir: Weir;
  beforeAll(async () => {
    weir = await Weir.on(sharedStack());
    await weir.startWorker();
  });
  afterAll(() => weir.close());

  async function imported(partitions: number): Promise<string> {
    const topic = uniqueName('access-log');
    const said = await weir.weir(
      'import',
      LOG,
      '--topic',
      topic,
      '--host',
      'www.example.com',
      '--partitions',
      String(partitions),
    );
    expect(said).toContain('10,000 lines');
    return topic;
  }

  async function started(topic: string, input: object = {}): Promise<string> {
    const name = uniqueName('hits');
    await weir.startByCli(name, { pipeline: 'hits', topic, ...input });
    return name;
  }

  /** Drained by the update, as the README says. */
  async function drained(name: string): Promise<void> {
    const answer = await weir.temporal(
      'workflow',
      'update',
      'execute',
      '--workflow-id',
      name,
      '--name',
      'drain',
      '-o',
      'json',
    );
    expect(answer).toContain('endOffsets');
    await weir.client.workflow.getHandle(name).result();
  }

  it('gives 1,738 rows, 9,999 hits, 1 rejected record with its raw text and 0 late ones, from 1 and from 4 partitions', async () => {
    const views: unknown[] = [];
    for (const partitions of [1, 4]) {
      const name = await started(await imported(partitions));
      await weir.committed(name, 10_000);
      await drained(name);
      expect(await weir.total(name)).toEqual({ rows: 1738, hits: 9999 });
      const progress = await weir.progress(name);
      expect(progress).toHaveLength(partitions);
      expect(progress.reduce((sum, { late }) => sum + late, 0)).toBe(0);
      const rejected = await weir.rejected(name);
      expect(rejected).toMatchObject([{ reason: 'bad_json' }]);
      expect(rejected[0]!.value!.toString()).toMatch(/^\d+\.\d+\.\d+\.\d+ - - \[/);
      views.push(await weir.view(name));
    }
    expect(views[0]).toEqual(views[1]);
  });

  it('goes on from the committed offsets when the job is started again, and refuses another window size', async () => {
    const topic = await imported(1);
    const name = await started(topic);
    await drained(name);
    const before = await weir.view(name);

    await weir.startByCli(name, { pipeline: 'hits', topic, size: '1m' });
    await expect(weir.client.workflow.getHandle(name).result()).rejects.toMatchObject({
      cause: { message: expect.stringContaining('size was 5m, not 1m') },
    });

    await weir.startByCli(name, { pipeline: 'hits', topic });
    await weir.produce(topic, [
      { key: null, value: JSON.stringify({ event_time: '2015-05-21T00:00:00Z', host: 'new' }) },
    ]);
    await weir.committed(name, 10_001);
    await drained(name);
    const after = await weir.view(name);
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after.slice(before.length)).toMatchObject([{ host: 'new', num_hits: 1 }]);
  });
});
