/** What a replay takes away of older epochs, at its boundaries. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { replace } from '../../../src/io/postgres/replace.js';
import { sharedStack } from '../../support/stack.js';
import { uniqueName, Weir } from '../../support/weir.js';

describe('rows of older epochs', () => {
  let weir: Weir;
  let job: string;
  beforeAll(async () => {
    weir = await Weir.on(sharedStack());
  });
  afterAll(() => weir.close());
  beforeEach(() => {
    job = uniqueName('replace');
  });

  const row = (partition: number, epoch: number, [start, end]: [number, number]) =>
    weir.pool.query(
      `insert into weir.hits (job, partition, epoch, window_start, window_end, hosts, referrers, num_hits)
       values ($1, $2, $3, weir.instant($4), weir.instant($5), '{null}', '{null}', '{1}')`,
      [job, partition, epoch, start, end],
    );
  const left = async () => {
    const { rows } = await weir.pool.query(
      `select partition, epoch, weir.millis(window_end) as end from weir.hits where job = $1 order by 1, 2, 3`,
      [job],
    );
    return rows.map((each) => [each.partition, each.epoch, each.end]);
  };
  const key = () => ({ job, partition: 0, epoch: 2, results: 'hits' as const });

  it('go where they end after the first and at or before the second instant, of this partition', async () => {
    for (const end of [100, 101, 200, 201]) await row(0, 1, [end - 10, end]);
    await row(1, 1, [140, 150]);
    await row(0, 2, [140, 150]);
    await replace(weir.pool, key(), { ends: [100, 200], offsets: null, longestMs: 10 });
    expect(await left()).toEqual([
      [0, 1, 100],
      [0, 1, 201],
      [0, 2, 150],
      [1, 1, 150],
    ]);
  });

  it('of every length go that is among them', async () => {
    await row(0, 0, [1, 150]);
    await replace(weir.pool, key(), { ends: [100, 200], offsets: null, longestMs: 149 });
    expect(await left()).toEqual([]);
  });

  it('go from the beginning on where nothing bounds them', async () => {
    await row(0, 0, [-10, 0]);
    await row(0, 1, [191, 201]);
    await replace(weir.pool, key(), { ends: [null, 200], offsets: null, longestMs: 10 });
    expect(await left()).toEqual([[0, 1, 201]]);
  });

  it('in weir.rejected go by their offsets', async () => {
    for (const [epoch, offset] of [
      [0, 4],
      [0, 5],
      [1, 9],
      [1, 10],
      [2, 7],
    ]) {
      await weir.pool.query(
        `insert into weir.rejected (job, epoch, partition, "offset", topic, reason) values ($1, $2, 0, $3, 't', 'late')`,
        [job, epoch, offset],
      );
    }
    await replace(weir.pool, key(), { ends: null, offsets: [5, 10], longestMs: 0 });
    expect((await weir.rejected(job)).map(({ offset }) => offset)).toEqual([4, 7, 10]);
  });
});
