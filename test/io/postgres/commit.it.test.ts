/** The fence (docs/semantics.md, writing): whatever is unexpected in weir.progress is Fenced; exactly this commit made before is done. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type pg from 'pg';
import { NO_RECORDS } from '../../../src/domain/accounting.js';
import type { Commit } from '../../../src/domain/commit.js';
import { claim } from '../../../src/io/postgres/claim.js';
import { commit, Fenced, type CommitRequest } from '../../../src/io/postgres/commit.js';
import { hitsStatement } from '../../../src/io/postgres/hits.js';
import { migrate } from '../../../src/io/postgres/migrate.js';
import { createPool } from '../../../src/io/postgres/pool.js';
import { registerJob } from '../../../src/io/postgres/registerJob.js';
import type { HitRow } from '../../../src/pipelines/hits/counts.js';
import { loadConfig } from '../../../src/worker/config.js';
import { sharedStack } from '../../support/stack.js';
import { uniqueName } from '../../support/weir.js';

const START = Date.UTC(2026, 0, 1);
const MINUTE = 60_000;

describe('a commit', () => {
  let pool: pg.Pool;
  let job: string;

  beforeAll(async () => {
    const { postgres } = loadConfig({ POSTGRES_URL: sharedStack().postgresUrl });
    await migrate(postgres);
    pool = createPool(postgres, 2);
  });
  afterAll(() => pool.end());

  beforeEach(async () => {
    job = uniqueName('job');
    const partitions = [{ partition: 0, startOffset: 0 }];
    await registerJob(pool, {
      name: job,
      pipeline: 'hits',
      config: {},
      partitions,
      targets: [],
      admit: () => {},
    });
    await claim(pool, key(), { owner: 'run-1' });
  });

  const key = () => ({ job, partition: 0, epoch: 0 });
  const write = (request: Partial<CommitRequest<HitRow[]>>, what: Partial<Commit<HitRow[]>> = {}) =>
    commit(
      pool,
      { ...key(), owner: 'run-1', topic: 't', results: 'hits', ...request, commit: { ...FIRST, ...what } },
      (what.rows ?? FIRST.rows).length === 0 ? null : hitsStatement(what.rows ?? FIRST.rows),
    );

  const FIRST: Commit<HitRow[]> = {
    expects: 0,
    offset: 10,
    watermark: START + 5 * MINUTE,
    rebuildFrom: 7,
    counters: { ...NO_RECORDS, read: 10, accepted: 9, rejected: 1 },
    advances: [],
    caughtUpSince: null,
    endsUntil: START + 5 * MINUTE,
    rows: [[START, START + 5 * MINUTE, 'host', null, 9]],
    rejects: [{ offset: 3, reason: 'bad_json', timestampMs: START, key: null, value: 'AAE=', valueBytes: 2 }],
  };

  async function stored() {
    const { rows } = await pool.query(
      `select (select count(*) from weir.hit_counts where job = $1) as rows, (select sum(num_hits)::int from weir.hit_counts where job = $1) as hits,
              (select count(*) from weir.rejected where job = $1) as rejected,
              (select number from weir.progress where job = $1) as number`,
      [job],
    );
    return rows[0] as unknown;
  }

  it('writes rows, rejects and progress', async () => {
    await write({});
    expect(await stored()).toEqual({ rows: 1, hits: 9, rejected: 1, number: 1 });
    expect(await claim(pool, key(), { owner: 'run-2' })).toEqual({
      number: 1,
      offset: 10,
      watermark: START + 5 * MINUTE,
      rebuildFrom: 7,
      counters: FIRST.counters,
      advances: [],
      endsUntil: START + 5 * MINUTE,
      pending: null,
      sources: null,
      rewrite: null,
      paused: null,
    });
    const { rows } = await pool.query(
      'select value, record_time, value_bytes from weir.rejected where job = $1',
      [job],
    );
    expect(rows).toEqual([{ value: Buffer.from([0, 1]), record_time: new Date(START), value_bytes: 2 }]);
  });

  it('that was made already is done, and changes nothing', async () => {
    await write({});
    await write({});
    expect(await stored()).toEqual({ rows: 1, hits: 9, rejected: 1, number: 1 });
  });

  it('without a watermark that was made already is done', async () => {
    await write({}, { watermark: null, rows: [] });
    await write({}, { watermark: null, rows: [] });
    expect(await stored()).toMatchObject({ number: 1 });
  });

  it('of the next number follows', async () => {
    await write({});
    await write({}, { expects: 1, offset: 10, rows: [], rejects: [] });
    expect(await stored()).toEqual({ rows: 1, hits: 9, rejected: 1, number: 2 });
  });

  const unexpected: [string, () => Promise<void>][] = [
    ['finds no row', async () => void (await pool.query('delete from weir.progress where job = $1', [job]))],
    [
      'finds another owner at the number it expects',
      async () => void (await claim(pool, key(), { owner: 'run-2' })),
    ],
    ['finds a number that is one ahead, with another offset', () => write({}, { offset: 11 })],
    ['finds a number that is one ahead, with another watermark', () => write({}, { watermark: START })],
    ['finds a number that is one ahead, without a watermark', () => write({}, { watermark: null })],
    [
      'finds exactly itself, but by another owner',
      async () => {
        await write({});
        await claim(pool, key(), { owner: 'run-2' });
      },
    ],
    [
      'finds a number that is two ahead',
      async () => {
        await write({});
        await write({}, { expects: 1 });
      },
    ],
    [
      'finds a number that is behind',
      async () => void (await pool.query('update weir.progress set number = -1 where job = $1', [job])),
    ],
  ];
  it.each(unexpected)('is Fenced when it %s, and writes nothing', async (_, arrange) => {
    await arrange();
    const before = await stored();
    const attempt = write({}, { rows: [[START, START + MINUTE, 'fenced', null, 1]] });
    await expect(attempt).rejects.toThrow(Fenced);
    expect(await stored()).toEqual(before);
  });

  it('is Fenced for another epoch and another partition', async () => {
    await expect(write({ epoch: 1 })).rejects.toThrow(Fenced);
    await expect(write({ partition: 1 })).rejects.toThrow(Fenced);
  });

  it('writes the same group again as a whole value, never as an increment', async () => {
    await write({});
    await write({}, { expects: 1, rows: [[START, START + 5 * MINUTE, 'host', null, 9]], rejects: [] });
    expect(await stored()).toMatchObject({ rows: 1, hits: 9 });
  });

  it('writes a window again as a whole: a group that it no longer has is gone', async () => {
    const window = (host: string, hits: number): HitRow => [START, START + 5 * MINUTE, host, null, hits];
    await write({}, { rows: [window('a', 1), window('b', 2)] });
    await write({}, { expects: 1, rows: [window('b', 3)], rejects: [] });
    expect(await stored()).toMatchObject({ rows: 1, hits: 3 });
  });

  it('keeps apart what only looks alike: null, "", and names that run into each other', async () => {
    const groups: [string | null, string | null][] = [
      [null, null],
      ['', null],
      [null, ''],
      ['', ''],
      ['a', 'b'],
      ['ab', ''],
      ['-', null],
      ['=1:a', null],
    ];
    await write({}, { rows: groups.map(([host, referrer]) => [START, START + MINUTE, host, referrer, 1]) });
    expect(await stored()).toMatchObject({ rows: groups.length });
  });

  it('keeps instants to the millisecond, from year 1 to 9999', async () => {
    const times = [-62_135_596_800_000, -1, 0, 1, START + 1, 253_402_300_799_999];
    await write(
      {},
      { rows: times.map((time) => [time, time, null, null, 1]), watermark: 253_402_300_799_999 },
    );
    const { rows } = await pool.query(
      'select weir.millis(window_start) as ms from weir.hits where job = $1 order by window_start',
      [job],
    );
    expect(rows.map(({ ms }) => ms as number)).toEqual(times);
    expect((await claim(pool, key(), { owner: 'run-1' }))!.watermark).toBe(253_402_300_799_999);
  });
});
