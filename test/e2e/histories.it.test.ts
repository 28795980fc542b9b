/** Workflows replay what they just did. With WEIR_RECORD=1 the histories are kept in test/histories for later versions. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedStack } from '../support/stack.js';
import { replay, type RecordedRun } from '../support/replay.js';
import { eventually, hit, uniqueName, Weir } from '../support/weir.js';

const FIRST = Date.UTC(2026, 0, 1);
const ROOT = join(import.meta.dirname, '../..');

describe('the histories', () => {
  let weir: Weir;
  beforeAll(async () => {
    weir = await Weir.on(sharedStack());
    await weir.startWorker();
  });
  afterAll(() => weir.close());

  it('of a job that ran, was terminated, went on, was fenced, ran into the quiet clock and was drained, replay', async () => {
    const topic = await weir.topic(
      1,
      Array.from({ length: 500 }, (_, i) => hit({ time: FIRST + i * 1000, referrer: `r${i % 3}` })),
    );
    const name = uniqueName('hits');
    const input = { pipeline: 'hits', topic, size: '1m', delay: '5s', maxBatchEvents: 100, idleAfter: '1s' };
    const runs: [name: string, id: string, runId: string][] = [];
    const noteRun = async (as: string, id: string) => {
      const { runId } = await weir.client.workflow.getHandle(id).describe();
      runs.push([as, id, runId]);
    };

    await weir.start(name, input);
    await weir.committed(name, 500);
    await noteRun('pipeline-terminated', name);
    await noteRun('partition-terminated', `${name}/0`);
    await weir.client.workflow.getHandle(name).terminate('test');
    await weir.client.workflow.getHandle(`${name}/0`).terminate('test');

    await weir.start(name, input);
    await eventually('the partition to run again', async () => {
      const { phase } = await weir.client.workflow
        .getHandle(`${name}/0`)
        .query<{ phase: string }>('progress');
      return phase === 'running';
    });
    // A dead run's claim that comes late takes the ownership away: the run is fenced, claims again and goes on.
    await weir.pool.query(`update weir.progress set owner = 'a dead run' where job = $1`, [name]);
    await weir.produce(topic, [hit({ time: FIRST + 658_000, referrer: 'late claim' })]);
    await weir.committed(name, 501);
    await eventually('the last window to come by itself', async () => (await weir.total(name)).hits === 501);
    await noteRun('partition-fenced-and-quiet', `${name}/0`);
    await weir.drain(name);
    await noteRun('pipeline-drained', name);
    await noteRun('partition-drained', `${name}/0`);
    expect(await weir.total(name)).toMatchObject({ hits: 501 });

    for (const [as, id, runId] of runs) {
      const history = JSON.parse(
        await weir.temporal('workflow', 'show', '-w', id, '-r', runId, '-o', 'json'),
      ) as unknown;
      await replay({ workflowId: id, history });
      if (process.env['WEIR_RECORD']) record(as, { workflowId: id, history });
    }
  });
});

function record(as: string, run: RecordedRun): void {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  const folder = join(ROOT, 'test/histories', version);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${as}.json`), `${JSON.stringify(withoutHosts(run))}\n`);
}

/** Names of machines and processes have no place in the repository. */
function withoutHosts(run: RecordedRun): unknown {
  return JSON.parse(
    JSON.stringify(run, (key, value: unknown) => (key === 'identity' || key === 'stackTrace' ? '' : value)),
  );
}
