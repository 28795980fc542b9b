/** The clicks pipeline on real servers. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedStack } from '../support/stack.js';
import { eventually, uniqueName, Weir } from '../support/weir.js';

const EVENTS = 30_000;
const TRAFFIC =
  `--pipeline clicks --events ${EVENTS} --seed 11 --start 2026-01-01T00:00:00Z --event-rate 20 --late 0.01 --malformed 0.005 --duplicates 0.03`.split(
    ' ',
  );

interface Fact {
  bucket_start: string;
  url: string;
  country: string | null;
  number_of_clicks: number;
  number_of_unique_users: number;
  samples: number;
  time_spent_ms: number;
}

const asText = ({ bucket_start, url, country, ...facts }: Fact): string =>
  JSON.stringify([
    new Date(bucket_start).toISOString(),
    url,
    country,
    facts.number_of_clicks,
    facts.number_of_unique_users,
    facts.samples,
    facts.time_spent_ms,
  ]);

describe('clicks', () => {
  let weir: Weir;
  let expected: { facts: string[]; summary: Record<string, number> };

  beforeAll(async () => {
    weir = await Weir.on(sharedStack());
    await weir.startWorker();
    expected = await byRun();
  });
  afterAll(() => weir.close());

  /** The same traffic as a file, without any server. */
  async function byRun(): Promise<typeof expected> {
    const file = join(await mkdtemp(join(tmpdir(), 'weir-clicks-')), 'clicks.jsonl');
    const printed = await weir.weir('generate', ...TRAFFIC, '--stdout');
    const notes = printed.trimEnd().split('\n').at(-1)!;
    await writeFile(file, printed.slice(0, printed.lastIndexOf(notes)));
    const output = await weir.weir('run', '--pipeline', 'clicks', '--input', file, '--trace');
    const lines = output.trimEnd().split('\n');
    const { summary } = JSON.parse(lines.pop()!) as { summary: Record<string, number> };
    return { facts: lines.map((line) => asText((JSON.parse(line) as { row: Fact }).row)).sort(), summary };
  }

  async function written(job: string): Promise<string[]> {
    const { rows } = await weir.pool.query(
      `select bucket_start, url, country, clicks as number_of_clicks, cardinality(users) as number_of_unique_users, samples, time_spent_ms
       from weir.final_clicks where job = $1`,
      [job],
    );
    return (rows as Fact[]).map(asText).sort();
  }

  it('are those of weir run, also when the job was terminated in the middle and lost its state', async () => {
    const topic = uniqueName('clicks');
    const name = uniqueName('clicks-job');
    await weir.weir('generate', ...TRAFFIC, '--topic', topic);
    const input = { pipeline: 'clicks', topic, maxBatchEvents: 2000 };
    await weir.startByCli(name, input);
    await weir.committed(name, 4000);
    for (const id of [name, `${name}/0`]) await weir.client.workflow.getHandle(id).terminate();
    await eventually('the workflow to be gone', async () => {
      const { status } = await weir.client.workflow.getHandle(name).describe();
      return status.name === 'TERMINATED';
    });
    await weir.startByCli(name, input);
    await weir.committed(name, EVENTS);
    await weir.drain(name);

    expect(expected.facts.length).toBeGreaterThan(1000);
    expect(await written(name)).toEqual(expected.facts);
    const { rows } = await weir.pool.query(
      'select read, accepted, duplicate, late, rejected from weir.progress where job = $1',
      [name],
    );
    expect(rows).toEqual([expected.summary]);
    expect(expected.summary['duplicate']).toBeGreaterThan(500);
    expect(expected.summary['late']).toBeGreaterThan(100);
  });

  it('of several partitions are regrouped, unless the job says that they are by user', async () => {
    const topic = await weir.topic(2);
    for (const [input, targets] of [
      [{}, 2],
      [{ partitionedBy: 'key' }, 0],
    ] as const) {
      const name = uniqueName('clicks-apart');
      await weir.startByCli(name, { pipeline: 'clicks', topic, ...input });
      await weir.drain(name);
      const { rows } = await weir.pool.query('select targets from weir.job where name = $1', [name]);
      expect(rows).toEqual([{ targets }]);
    }
  });
});
