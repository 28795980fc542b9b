import { describe, expect, it } from 'vitest';
import { inColumns } from '../../../src/cli/status/columns.js';

const HEAD = ['id', 'one', 'two', 'three'];
const ROWS = [
  ['1', 'a', '22', '3'],
  ['10', 'bbbb', '2', '333'],
];
const LONGEST = 'id   one  two  three'.length;

describe('columns', () => {
  it('stand to the right, two spaces apart', () => {
    expect(inColumns(HEAD, ROWS, Infinity)).toEqual([
      'id   one  two  three',
      ' 1     a   22      3',
      '10  bbbb    2    333',
    ]);
  });

  it('stay together where they fit exactly', () => {
    expect(inColumns(HEAD, ROWS, LONGEST)).toHaveLength(3);
  });

  it('go on below with the first column where they are one character too wide', () => {
    expect(inColumns(HEAD, ROWS, LONGEST - 1)).toEqual([
      'id   one  two',
      ' 1     a   22',
      '10  bbbb    2',
      'id  three',
      ' 1      3',
      '10    333',
    ]);
  });

  it('are there, one a table, however narrow it is', () => {
    expect(inColumns(HEAD, ROWS, 1)).toHaveLength(9);
  });
});
