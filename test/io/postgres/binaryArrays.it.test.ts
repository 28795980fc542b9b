/** What a real Postgres reads from our arrays. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type pg from 'pg';
import {
  boolArray,
  byteaArray,
  int4Array,
  int8Array,
  textArray,
  timestamptzArray,
} from '../../../src/io/postgres/binaryArrays.js';
import { createPool } from '../../../src/io/postgres/pool.js';
import { loadConfig } from '../../../src/worker/config.js';
import { sharedStack } from '../../support/stack.js';

describe('Postgres reads', () => {
  let pool: pg.Pool;
  beforeAll(() => {
    pool = createPool(loadConfig({ POSTGRES_URL: sharedStack().postgresUrl }).postgres, 1);
  });
  afterAll(() => pool.end());

  /** The elements of a parameter, each as `shown` says, in their order; how the client reads types plays no part. */
  async function read(array: Buffer, type: string, shown = 'each::text'): Promise<(string | null)[]> {
    const { rows } = await pool.query(
      `select ${shown} as shown from unnest($1::${type}[]) with ordinality as elements (each, nth) order by nth`,
      [array],
    );
    return (rows as { shown: string | null }[]).map((row) => row.shown);
  }

  it('bigint[]', async () => {
    const values = [0, 1, -1, 2 ** 31, -(2 ** 31) - 1, 2 ** 32, -(2 ** 32), 2 ** 53, -(2 ** 53), 2 ** 53 - 1];
    expect(await read(int8Array(values), 'bigint')).toEqual(values.map(String));
  });

  it('integer[]', async () => {
    const values = [0, -1, 2 ** 31 - 1, -(2 ** 31)];
    expect(await read(int4Array(values), 'integer')).toEqual(values.map(String));
  });

  it('boolean[]', async () => {
    expect(await read(boolArray([true, false]), 'boolean')).toEqual(['true', 'false']);
  });

  it('timestamptz[], from the first millisecond of year 1 to the last of 9999', async () => {
    const times = [
      '0001-01-01T00:00:00.000',
      '0004-02-29T23:59:59.999',
      '1582-10-10T12:00:00.001',
      '1969-12-31T23:59:59.999',
      '1970-01-01T00:00:00.000',
      '1999-12-31T23:59:59.999',
      '2000-01-01T00:00:00.000',
      '2026-03-01T01:02:03.456',
      '9999-12-31T23:59:59.999',
    ];
    const format = `to_char(each at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS')`;
    const array = timestamptzArray(times.map((time) => Date.parse(`${time}Z`)));
    expect(await read(array, 'timestamptz', format)).toEqual(times);
    const micros = `extract(microseconds from each)::bigint % 1000`;
    expect(new Set(await read(array, 'timestamptz', `(${micros})::text`))).toEqual(new Set(['0']));
  });

  it('text[], with NULLs, empty and not in ASCII', async () => {
    const values = [
      '',
      null,
      'NULL',
      '{}',
      '"',
      '\\',
      ',',
      'é',
      '漢',
      '\u{1f600}',
      '\ufffd',
      ' ',
      '\n',
      'x'.repeat(300_000),
    ];
    expect(await read(textArray(values), 'text')).toEqual(values);
  });

  it('bytea[]', async () => {
    const values = [Buffer.alloc(0), Buffer.from([0, 255, 10])];
    expect(await read(byteaArray(values), 'bytea', `encode(each, 'hex')`)).toEqual(['', '00ff0a']);
  });

  it('arrays without an element', async () => {
    expect(await read(int8Array([]), 'bigint')).toEqual([]);
    expect(await read(int4Array([]), 'integer')).toEqual([]);
    expect(await read(boolArray([]), 'boolean')).toEqual([]);
    expect(await read(timestamptzArray([]), 'timestamptz')).toEqual([]);
    expect(await read(textArray([]), 'text')).toEqual([]);
    expect(await read(byteaArray([]), 'bytea')).toEqual([]);
    expect(await read(textArray([null]), 'text')).toEqual([null]);
  });
});
