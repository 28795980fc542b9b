import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { jobProgress } from '../../../src/io/postgres/jobProgress.js';
import { migrate } from '../../../src/io/postgres/migrate.js';
import { createPool } from '../../../src/io/postgres/pool.js';
import { registerJob, registerPartitions } from '../../../src/io/postgres/registerJob.js';
import { readTopicId } from '../../../src/io/postgres/topicId.js';
import { loadConfig } from '../../../src/worker/config.js';
import { sharedStack } from '../../support/stack.js';
import { uniqueName } from '../../support/weir.js';

describe('registering', () => {
  let pool: pg.Pool;
  beforeAll(async () => {
    const { postgres } = loadConfig({ POSTGRES_URL: sharedStack().postgresUrl });
    await migrate(postgres);
    pool = createPool(postgres, 2);
  });
  afterAll(() => pool.end());

  const partitions = (...offsets: number[]) =>
    offsets.map((startOffset, partition) => ({ partition, startOffset }));
  const registration = (name: string) => ({
    name,
    pipeline: 'hits',
    targets: [],
    config: { size: 1 },
    admit: () => {},
  });

  it('enters all partitions at their oldest offset, without a watermark', async () => {
    const name = uniqueName('job');
    await registerJob(pool, { ...registration(name), partitions: partitions(0, 7) });
    expect(await jobProgress(pool, { job: name, epoch: 0 })).toMatchObject([
      { partition: 0, offset: 0, rebuildFrom: 0, watermark: null, number: 0 },
      { partition: 1, offset: 7, rebuildFrom: 7, watermark: null, number: 0 },
    ]);
  });

  it('leaves a job that exists as it is, when it is admitted', async () => {
    const name = uniqueName('job');
    await registerJob(pool, { ...registration(name), partitions: partitions(0) });
    await pool.query('update weir.progress set "offset" = 5, number = 3 where job = $1', [name]);
    await registerJob(pool, { ...registration(name), partitions: partitions(1) });
    expect(await jobProgress(pool, { job: name, epoch: 0 })).toMatchObject([{ offset: 5, number: 3 }]);
  });

  it.each([
    { what: 'keeps the id of the topic that a start knows', ids: ['A', 'B'], seen: ['A', 'A'], kept: 'B' },
    { what: 'keeps it where a start knows none', ids: ['A', null], seen: ['A', 'A'], kept: 'A' },
    { what: 'enters it where it was not known', ids: [null, 'B'], seen: [null, null], kept: 'B' },
  ])('$what, when it is admitted', async ({ ids, seen, kept }) => {
    const name = uniqueName('job');
    const admitted: (string | null)[] = [];
    const admit = (stored: { topicId: string | null }) => admitted.push(stored.topicId);
    for (const topicId of ids)
      await registerJob(pool, { ...registration(name), topicId, admit, partitions: partitions(0) });
    expect(admitted).toEqual(seen);
    expect(await readTopicId(pool, name)).toBe(kept);
  });

  const regrouped = (name: string, ...starts: number[]) => ({
    ...registration(name),
    targets: partitions(...starts),
    partitions: partitions(0, 7),
  });

  it('enters targets where a first start says, with what they are to hear of each source', async () => {
    const name = uniqueName('job');
    const admitted: unknown[] = [];
    const admit = (stored: object) => admitted.push(stored);
    expect(await registerJob(pool, { ...regrouped(name, 40, 0), admit })).toEqual({ epoch: 0, targets: 2 });
    expect(await registerJob(pool, { ...regrouped(name, 50, 9, 9), admit })).toEqual({
      epoch: 0,
      targets: 2,
    });
    expect(admitted).toMatchObject([{ isFirst: true }, { isFirst: false, targets: 2 }]);
    const { rows } = await pool.query(
      'select partition, "offset", rebuild_from, sources from weir.progress where job = $1 and stage = 2 order by partition',
      [name],
    );
    const sources = [
      [0, 0, -1, null, 0],
      [1, 0, -1, null, 7],
    ];
    expect(rows).toEqual([
      { partition: 0, offset: 40, rebuild_from: 40, sources },
      { partition: 1, offset: 0, rebuild_from: 0, sources },
    ]);
  });

  it('enters a target that somebody removed at the beginning of its log, whatever a first start would say', async () => {
    const name = uniqueName('job');
    await registerJob(pool, regrouped(name, 40, 41));
    await pool.query('delete from weir.progress where job = $1 and stage = 2 and partition = 1', [name]);
    await registerJob(pool, regrouped(name, 50, 51));
    const { rows } = await pool.query(
      'select "offset" from weir.progress where job = $1 and stage = 2 order by partition',
      [name],
    );
    expect(rows).toEqual([{ offset: 40 }, { offset: 0 }]);
  });

  it('changes nothing when it is refused', async () => {
    const name = uniqueName('job');
    await registerJob(pool, { ...registration(name), partitions: partitions(0) });
    const refused = registerJob(pool, {
      ...registration(name),
      config: { size: 2 },
      partitions: partitions(0, 0),
      admit: (stored) => {
        throw new Error(`was ${stored.config.size}`);
      },
    });
    await expect(refused).rejects.toThrow('was 1');
    expect(await jobProgress(pool, { job: name, epoch: 0 })).toHaveLength(1);
  });

  it.each([
    ['at the line, the smallest watermark', [3000, 1000, 2000], 1000],
    ['without a watermark while one partition has none', [3000, null], null],
  ])('begins a partition that comes later %s', async (_, watermarks, line) => {
    const name = uniqueName('job');
    await registerJob(pool, { ...registration(name), partitions: partitions(...watermarks.map(() => 0)) });
    for (const [partition, watermark] of watermarks.entries()) {
      await pool.query(
        'update weir.progress set watermark = weir.instant($3) where job = $1 and partition = $2',
        [name, partition, watermark],
      );
    }
    const added = { partition: 9, startOffset: 4 };
    await registerPartitions(pool, { regrouped: false, job: name, epoch: 0, partitions: [added] });
    expect((await jobProgress(pool, { job: name, epoch: 0 })).at(-1)).toMatchObject({
      partition: 9,
      offset: 4,
      watermark: line,
    });
  });
});
