import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { jobProgress } from '../../../src/io/postgres/jobProgress.js';
import { migrate } from '../../../src/io/postgres/migrate.js';
import { createPool } from '../../../src/io/postgres/pool.js';
import { registerJob, registerPartitions } from '../../../src/io/postgres/registerJob.js';
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
    targets: 0,
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
