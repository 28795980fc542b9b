import { describe, expect, it } from 'vitest';
import { whyAway } from '../../../src/io/postgres/pool.js';

const failed = (message: string, code?: string): Error => Object.assign(new Error(message), { code });

describe('a server that is away', () => {
  it.each([
    ['connect ECONNREFUSED 127.0.0.1:5432', 'ECONNREFUSED'],
    ['terminating connection due to administrator command', '57P01'],
    ['the database system is starting up', '57P03'],
    ['sorry, too many clients already', '53300'],
    ['Connection terminated unexpectedly', undefined],
    ['timeout exceeded when trying to connect', undefined],
    ['Query read timeout', undefined],
  ])('is known by: %s', (message, code) => {
    expect(whyAway(failed(message, code))).toBe(message);
  });

  it('gives the error of each address of its host', () => {
    const each = [failed('connect ECONNREFUSED ::1:5432'), failed('connect ECONNREFUSED 127.0.0.1:5432')];
    const all = Object.assign(new AggregateError(each), { code: 'ECONNREFUSED' });
    expect(whyAway(all)).toBe('connect ECONNREFUSED ::1:5432; connect ECONNREFUSED 127.0.0.1:5432');
  });

  it.each([
    ['relation "weir.job" does not exist', '42P01'],
    ['duplicate key value violates unique constraint', '23505'],
    ['undefined is not a function', undefined],
  ])('is not meant by: %s', (message, code) => {
    expect(whyAway(failed(message, code))).toBeNull();
  });
});
