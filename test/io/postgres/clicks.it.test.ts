/** Rows of clicks, and what people ask of them: view, functions and procedures (docs/clicks.md). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { clicksJob, writeClicks } from '../../support/clicksJob.js';
import { createDatabase, type TestDatabase } from '../../support/database.js';

const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

function click(
  minutes: number,
  user_id: string | null,
  { url = '/a', country = 'US' }: { url?: string | null; country?: string | null } = {},
) {
  return { timestamp: START + minutes * MINUTE, user_id, url, country };
}

describe('clicks in Postgres', () => {
  let database: TestDatabase;
  let pool: pg.Pool;

  beforeAll(async () => {
    database = await createDatabase({ connections: 1 });
    ({ pool } = database);
  });
  afterAll(() => database.drop());
  beforeEach(() => pool.query('truncate weir.clicks, weir.job, weir.progress, weir.rejected'));

  const write = (name: string, ...partitions: object[][]) =>
    writeClicks(pool, {
      name,
      job: clicksJob(partitions.length > 1 ? { partitionedBy: 'key' } : {}),
      partitions,
    });
  const ask = async (text: string, values: unknown[] = []): Promise<unknown[][]> =>
    (await pool.query({ text, values, rowMode: 'array' })).rows as unknown[][];
  const METRICS = ['GetNumberOfClicks', 'GetNumberOfUniqueUsers', 'GetAverageTimeSpent'];
  /** Clicks, unique users and average time spent. */
  async function metrics(...args: unknown[]): Promise<unknown[]> {
    const answers: unknown[] = [];
    for (const name of METRICS) {
      const rows = await ask(`select * from ${name}(${args.map((_, i) => `$${i + 1}`).join(', ')})`, args);
      expect(rows).toHaveLength(1);
      expect(rows[0]!.slice(0, 2)).toEqual(args.slice(0, 2));
      answers.push(rows[0]![2]);
    }
    return answers;
  }

  /** Ann and Ben on /a, some from elsewhere, and other pages. */
  const MIXED = [
    click(0, 'ann'),
    click(1, 'ben'),
    click(2, 'ann', { url: '/b' }),
    click(3, null),
    click(4, 'ann', { country: 'DE' }),
    click(20, 'ann'),
    click(21, 'cay'),
  ];

  it('asks of one URL and country, and never of all', async () => {
    await write('clicks', MIXED);
    expect(await metrics('/a', 'US')).toEqual([5, 3, 120]);
    expect(await metrics('/a', 'DE')).toEqual([1, 1, null]);
    expect(await metrics('/b', 'US')).toEqual([1, 1, 120]);
  });

  it('gives one row of nothing for what nobody clicked on, also where argument and column look alike', async () => {
    await write('clicks', MIXED);
    expect(await metrics('/nowhere', 'US')).toEqual([0, 0, null]);
    expect(await metrics('url', 'country')).toEqual([0, 0, null]);
    expect(await metrics('p_url', 'p_country')).toEqual([0, 0, null]);
    expect(await metrics(null, null)).toEqual([0, 0, null]);
  });

  it('tells null, empty and what looks like an encoding apart', async () => {
    const texts: (string | null)[] = [null, '', '-', '=1:a', 'a', 'ü"\\{},'];
    const groups = texts.flatMap((url) => texts.map((country) => [url, country] as const));
    await write(
      'clicks',
      groups.map(([url, country], i) => click(i / 100, `${i}"\\{},\n`, { url, country })),
    );
    for (const [url, country] of groups) expect((await metrics(url, country)).slice(0, 2)).toEqual([1, 1]);
    expect(
      await ask('select count(*), min(number_of_clicks), max(number_of_clicks) from aggregated_clickstream'),
    ).toEqual([[groups.length, 1, 1]]);
    const users = (await ask('select distinct user_id from weir.click_users')) as string[][];
    expect(users.map(([user]) => user!).sort()).toEqual(groups.map((_, i) => `${i}"\\{},\n`).sort());
  });

  it('takes a range of buckets by their start, the end left out', async () => {
    await write('clicks', MIXED);
    const at = (minutes: number) => new Date(START + minutes * MINUTE);
    expect(await metrics('/a', 'US', at(0), at(20))).toEqual([3, 2, 120]);
    expect(await metrics('/a', 'US', at(0), at(20.001))).toEqual([5, 3, 120]);
    expect(await metrics('/a', 'US', at(20), null)).toEqual([2, 2, null]);
    expect(await metrics('/a', 'US', at(20.001), null)).toEqual([0, 0, null]);
    expect(await metrics('/a', 'US', null, at(5))).toEqual([3, 2, 120]);
    expect(
      await ask(
        'select url, country, number_of_clicks, job from aggregated_clickstream($1, $2) order by 1, 2',
        [at(0), at(5)],
      ),
    ).toEqual([
      ['/a', 'DE', 1, 'clicks'],
      ['/a', 'US', 3, 'clicks'],
      ['/b', 'US', 1, 'clicks'],
    ]);
  });

  it.each(METRICS)('%s is a procedure, too, whose cursor has the row', async (name) => {
    await write('clicks', MIXED);
    const byFunction = await ask(`select * from ${name}('/a', 'US')`);
    const client = await pool.connect();
    try {
      await client.query('begin');
      await client.query(`call ${name}('/a', 'US', 'c')`);
      const { rows } = await client.query({ text: 'fetch all from c', rowMode: 'array' });
      expect(rows).toEqual(byFunction);
      const named = await client.query(`call ${name}($1, $2, $3)`, ['/a', 'US', 'd']);
      expect(named.rows).toEqual([{ p_result: 'd' }]);
    } finally {
      await client.query('rollback');
      client.release();
    }
  });

  it('counts users of several partitions and buckets once', async () => {
    await write(
      'clicks',
      [click(0, 'ann'), click(6, 'ann'), click(12, 'ann')],
      [click(0, 'ben'), click(0, null)],
    );
    expect(await metrics('/a', 'US')).toEqual([5, 2, null]);
  });

  it('averages over samples, and gives NULL without any', async () => {
    await write('clicks', [click(0, 'ann'), click(1, 'ann'), click(5, 'ann'), click(10.5, 'ann')]);
    expect((await metrics('/a', 'US'))[2]).toBe(150);
  });

  describe('the job', () => {
    it('is the only one of clicks', async () => {
      await expect(metrics('/a', 'US')).rejects.toThrow('there is no job of clicks');
      await pool.query(`insert into weir.job (name, pipeline, config) values ('hits', 'hits', '{}')`);
      await write('clicks', MIXED);
      expect((await metrics('/a', 'US'))[0]).toBe(5);
    });

    it('has to be named where there are several: as an argument, or by a setting; nothing is summed over jobs', async () => {
      await write('one', [click(0, 'ann')]);
      await write('two', [click(0, 'ann'), click(1, 'ben')]);
      await expect(metrics('/a', 'US')).rejects.toThrow('there are several jobs of clicks: one, two');
      await expect(ask('select * from aggregated_clickstream()')).rejects.toThrow('several jobs');
      expect((await metrics('/a', 'US', null, null, 'two'))[0]).toBe(2);
      await pool.query(`set weir.job = 'one'`);
      expect((await metrics('/a', 'US'))[0]).toBe(1);
      expect((await metrics('/a', 'US', null, null, 'two'))[0]).toBe(2);
      await pool.query('reset weir.job');
      await expect(metrics('/a', 'US', null, null, 'three')).rejects.toThrow(
        'there is no job of clicks named three',
      );
      expect(await ask('select job, number_of_clicks from aggregated_clickstream order by 1')).toEqual([
        ['one', 1],
        ['two', 2],
      ]);
    });
  });

  it('is read by a role that has been granted what docs/clicks.md names', async () => {
    await write('clicks', MIXED);
    const reader = `reader_${database.config.database}`;
    await pool.query(`create role ${reader}`);
    try {
      await pool.query(`grant usage on schema weir to ${reader}`);
      await pool.query(`grant select on aggregated_clickstream, weir.click_users, weir.job to ${reader}`);
      await pool.query(`set role ${reader}`);
      expect((await metrics('/a', 'US'))[0]).toBe(5);
      expect(await ask('select * from aggregated_clickstream')).not.toEqual([]);
      expect(await ask('select * from aggregated_clickstream($1)', [new Date(START)])).not.toEqual([]);
    } finally {
      await pool.query('reset role');
      await pool.query(`drop owned by ${reader}; drop role ${reader}`);
    }
  });

  it('shows facts once they are final for the whole job, exactly at bucket end + gap', async () => {
    await write('clicks', MIXED);
    const shown = async (line: number) => {
      await pool.query('update weir.progress set watermark = weir.instant($1)', [line]);
      return (await ask('select sum(number_of_clicks) from aggregated_clickstream'))[0]![0];
    };
    const first = START + 10 * MINUTE;
    expect([await shown(first - 1), await shown(first)]).toEqual([null, '5']);
    await pool.query('update weir.progress set watermark = null');
    expect(await ask('select * from aggregated_clickstream')).toEqual([]);
  });
});
